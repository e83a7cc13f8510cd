import { expect, test } from "vitest";
import { Pull } from "./pull";

test("a change while reading is read afterwards, once", async () => {
  const gates: (() => void)[] = [];
  const pull = new Pull(() => new Promise((open) => gates.push(open)));
  const all = [pull.run(), pull.run(), pull.run()];
  expect(gates.length).toBe(1);
  gates[0]?.();
  await Promise.resolve();
  await Promise.resolve();
  expect(gates.length).toBe(2);
  gates[1]?.();
  await Promise.all(all);
  expect(gates.length).toBe(2);
});

test("a change in the moment after a reading is not lost", async () => {
  let world = 0;
  let known = -1;
  const pull = new Pull(async () => {
    known = world;
  });
  for (let ticks = 0; ticks < 6; ticks += 1) {
    const first = pull.run();
    for (let i = 0; i < ticks; i += 1) await Promise.resolve();
    world += 1;
    await Promise.all([first, pull.run()]);
    expect(known).toBe(world);
  }
});

test("a failed reading is told and does not stop the next", async () => {
  let fail = true;
  const pull = new Pull(async () => {
    if (fail) throw new Error("gone");
  });
  await expect(pull.run()).rejects.toThrow("gone");
  fail = false;
  await expect(pull.run()).resolves.toBeUndefined();
});
