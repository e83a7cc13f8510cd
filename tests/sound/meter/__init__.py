"""What the ear would say: delay, quality and echo, read from recordings. All sound is mono, 48 kHz, ±1."""

RATE = 48_000
