import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { callUp, openOnline, openSettings } from "../../test/window";

const slide = (testid: string, value: number) =>
  fireEvent.input(screen.getByTestId(testid), { target: { value: String(value) } });

test("each device follows the system until one is chosen", async () => {
  const { host, user } = await openOnline();
  await openSettings(user, "audio");
  const input = await screen.findByTestId<HTMLSelectElement>("device-input");
  await waitFor(() => expect(input).toHaveTextContent("System default (Built-in Audio Analog Stereo)"));
  expect(input.value).toBe("");
  await user.selectOptions(input, "Headset (USB) Mono");
  await user.selectOptions(screen.getByTestId("device-output"), "out-2");
  await user.selectOptions(screen.getByTestId("device-ring"), "out-1");
  await waitFor(() => expect(host.sound.settings).toMatchObject({ input: "mic-2", output: "out-2", ring: "out-1" }));
  await user.selectOptions(input, "");
  await waitFor(() => expect(host.sound.settings.input).toBeNull());
});

test("a chosen device that is gone stays chosen and says so", async () => {
  const { host, user } = await openOnline();
  await host.setAudioSettings({ ...(await host.audioSettings()), input: "mic-9" });
  await openSettings(user, "audio");
  const input = await screen.findByTestId<HTMLSelectElement>("device-input");
  await waitFor(() => expect(input.selectedOptions[0]).toHaveTextContent("The one you chose, not connected"));
});

test("devices that come while the settings are open appear", async () => {
  const { host, user } = await openOnline();
  await openSettings(user, "audio");
  host.sound.devices.inputs.push({ id: "mic-7", name: "A new one", default: false });
  await host.setAudioSettings(await host.audioSettings());
  await waitFor(() => expect(screen.getByTestId("device-input")).toHaveTextContent("A new one"));
});

test("every setting of the sound is handed over", async () => {
  const { host, user } = await openOnline();
  await openSettings(user, "audio");
  await slide("sound-input-gain", 6);
  await slide("sound-output-gain", -9);
  await user.click(screen.getByTestId("sound-quality-uncompressed"));
  await user.click(screen.getByTestId("sound-headphones"));
  await user.selectOptions(screen.getByTestId("sound-echo"), "off");
  await user.selectOptions(screen.getByTestId("sound-noise"), "on");
  await user.selectOptions(screen.getByTestId("sound-gain"), "off");
  await waitFor(() =>
    expect(host.sound.settings).toMatchObject({
      inputGainDb: 6,
      outputGainDb: -9,
      quality: "uncompressed",
      headphones: true,
      echo: "off",
      noise: "on",
      gain: "off",
    }),
  );
});

test("of a moving slider only some values and always the last are handed over", async () => {
  const { host, user } = await openOnline();
  await openSettings(user, "audio");
  const set = vi.spyOn(host, "setAudioSettings");
  for (let db = -20; db <= 20; db += 1) void slide("sound-input-gain", db);
  await waitFor(() => expect(host.sound.settings.inputGainDb).toBe(20));
  expect(set.mock.calls.length).toBeLessThan(20);
  expect(screen.getByTestId("sound-input-gain")).toHaveValue("20");
});

test("a setting that was refused goes back and is told", async () => {
  const { host, user } = await openOnline();
  await openSettings(user, "audio");
  host.failNext("setAudioSettings", "internal");
  await user.click(screen.getByTestId("sound-quality-economy"));
  expect(await screen.findByTestId("toast")).toHaveTextContent("This program made a mistake");
  await waitFor(() => expect(screen.getByTestId("sound-quality-auto")).toBeChecked());
});

test("the threshold of speech is a mark on the meter", async () => {
  const { host, user } = await openOnline();
  await openSettings(user, "audio");
  expect(screen.queryByTestId("sound-threshold")).toBeNull();
  await user.click(screen.getByTestId("sound-transmit-voice"));
  const mark = await screen.findByTestId("sound-threshold");
  expect(mark).toHaveAttribute("min", screen.getByTestId("mic-level").getAttribute("aria-valuemin"));
  await slide("sound-threshold", -52);
  await waitFor(() => expect(host.sound.settings.transmit).toEqual({ kind: "voice", thresholdDb: -52 }));
});

test("push to talk has a key and a delay", async () => {
  const { host, user } = await openOnline();
  await openSettings(user, "audio");
  await user.click(screen.getByTestId("sound-transmit-pushToTalk"));
  await screen.findByTestId("sound-key");
  await slide("sound-release", 450);
  await waitFor(() => expect(host.sound.settings.transmit).toEqual({ kind: "pushToTalk", releaseMs: 450 }));
  const key = screen.getByTestId("sound-key");
  expect(key).toHaveTextContent("Space");
  await user.click(key);
  expect(key).toHaveTextContent("Press a key…");
  await user.keyboard("{Tab}");
  expect(screen.getByText(/needed elsewhere/)).toBeVisible();
  await user.keyboard("v");
  expect(key).toHaveTextContent("V");
  await waitFor(async () => expect((await host.settings()).shortcuts.talkInWindow).toBe("KeyV"));
  await user.click(key);
  await user.keyboard("{Escape}");
  expect(key).toHaveTextContent("V");
  expect(screen.getByTestId("settings")).toBeVisible();
});

test("the microphone can be tested: it records, plays and stops", async () => {
  const { host, user } = await openOnline();
  await openSettings(user, "audio");
  await user.click(screen.getByTestId("mic-test-start"));
  const play = await screen.findByTestId("mic-test-play");
  expect(screen.getByTestId("mic-test-state")).toHaveTextContent("Recording");
  await waitFor(() => expect(screen.getByTestId("mic-level")).not.toHaveAttribute("aria-valuetext", "Silent"));
  await waitFor(() => expect(play).toBeEnabled(), { timeout: 3000 });
  await user.click(play);
  await waitFor(() => expect(screen.getByTestId("mic-test-state")).toHaveTextContent("Playing"));
  await user.click(screen.getByTestId("mic-test-stop"));
  expect(await host.micTest()).toBeNull();
});

test("closing the settings ends the test, and nothing is asked for any more", async () => {
  const { host, user } = await openOnline();
  const asked = vi.spyOn(host, "micTest");
  await openSettings(user, "audio");
  await user.click(screen.getByTestId("mic-test-start"));
  await waitFor(() => expect(asked.mock.calls.length).toBeGreaterThan(1));
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByTestId("settings")).toBeNull());
  expect(host.sound.test()).toBeNull();
  const before = asked.mock.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(asked.mock.calls.length).toBe(before);
});

test("a test without a microphone says what is wrong", async () => {
  const { host, user } = await openOnline();
  host.sound.troubles = { microphone: "missing" };
  await openSettings(user, "audio");
  await user.click(screen.getByTestId("mic-test-start"));
  expect(await screen.findByTestId("mic-test-error")).toHaveTextContent("The sound device is not there");
});

test("in a call the meter shows the call, and there is no test", async () => {
  const { user } = await openOnline();
  await callUp(user, "bob");
  await openSettings(user, "audio");
  expect(screen.getByTestId("mic-test-start")).toBeDisabled();
  await waitFor(() => expect(screen.getByTestId("mic-level")).not.toHaveAttribute("aria-valuetext", "Silent"));
});
