import { expect, test, vi } from "vitest";
import { MockHost } from "../host/mock";
import { Desk } from "./settings.svelte";

async function open() {
  const host = new MockHost({ pace: 0 });
  const desk = new Desk(host);
  const stop = desk.start();
  await vi.waitFor(() => expect(desk.settings).not.toBeNull());
  return { host, desk, stop };
}

test("a change is shown at once and handed over with everything else as it was", async () => {
  const { host, desk } = await open();
  const done = desk.change("general", { closeToTray: false });
  expect(desk.settings?.general.closeToTray).toBe(false);
  await done;
  expect((await host.settings()).general).toEqual({ closeToTray: false, startAtLogin: false, startHidden: false });
  expect((await host.settings()).appearance.theme).toBe("system");
});

test("two parts changed in one breath are both kept", async () => {
  const { host, desk } = await open();
  await Promise.all([
    desk.change("general", { startAtLogin: true }),
    desk.change("appearance", { theme: "dark" }),
    desk.change("general", { startHidden: true }),
  ]);
  const { general, appearance } = await host.settings();
  expect(general).toMatchObject({ startAtLogin: true, startHidden: true });
  expect(appearance.theme).toBe("dark");
});

test("sound that was chosen meanwhile is not undone", async () => {
  const { host, desk } = await open();
  await host.setAudioSettings({ ...(await host.audioSettings()), headphones: true });
  await desk.change("general", { startAtLogin: true });
  expect((await host.audioSettings()).headphones).toBe(true);
});

test("what was refused goes back", async () => {
  const { host, desk } = await open();
  host.failNext("setSettings", "internal");
  await expect(desk.change("general", { closeToTray: false })).rejects.toMatchObject({ code: "internal" });
  expect(desk.settings?.general.closeToTray).toBe(true);
});

test("what was brought into range is shown as it is now", async () => {
  const { desk } = await open();
  await desk.change("appearance", { textPercent: 900 });
  expect(desk.settings?.appearance.textPercent).toBe(200);
});

test("it follows what changes elsewhere until it is stopped", async () => {
  const { host, desk, stop } = await open();
  host.setPlatform({ tray: false });
  await vi.waitFor(() => expect(desk.platform?.tray).toBe(false));
  stop();
  host.setPlatform({ tray: true });
  await desk.change("general", {});
  expect(desk.platform?.tray).toBe(false);
});
