import { render, screen, waitFor } from "@testing-library/svelte";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import axe from "axe-core";
import { expect } from "vitest";
import { MockHost } from "../host/mock";
import type { Answer } from "../host/mock/calls";
import Root from "../Root.svelte";
import type { Section } from "../state/settings.svelte";

interface Stage {
  host: MockHost;
  user: UserEvent;
}

/** The whole window on a mock host without delays: on the connect screen. */
export function openWindow(people: "full" | "empty" = "full"): Stage {
  const host = new MockHost({ people, pace: 0 });
  render(Root, { host });
  return { host, user: userEvent.setup() };
}

/** The same, connected as alice. */
export async function openOnline(people: "full" | "empty" = "full", answer: Answer = "accept"): Promise<Stage> {
  const host = new MockHost({ people, answer, pace: 0 });
  host.goOnline("alice", 47800);
  render(Root, { host });
  await screen.findByTestId("status-bar");
  if (people === "full") await screen.findAllByTestId("peer-row");
  return { host, user: userEvent.setup() };
}

/** The window of somebody who was remembered before it opened. */
export function openRemembered(before: (host: MockHost) => void = (host) => host.wakeUp()): Stage {
  const host = new MockHost({ pace: 0 });
  before(host);
  render(Root, { host });
  return { host, user: userEvent.setup() };
}

/** The row of somebody, found by the beginning of the name. */
export function row(name: string): HTMLElement {
  const found = screen
    .getAllByTestId("peer-row")
    .find((one) => one.querySelector("bdi")?.textContent?.startsWith(name));
  if (!found) throw new Error(`${name} is not on the list`);
  return found;
}

/** Opens a conversation and gives the id of the peer. */
export async function open(user: UserEvent, name: string): Promise<number> {
  const found = row(name);
  await user.click(found);
  await screen.findByTestId("composer");
  return Number(found.dataset.peerId);
}

/** Calls somebody and waits until they hear us. Gives the id of the peer. */
export async function callUp(user: UserEvent, name: string): Promise<number> {
  const peer = await open(user, name);
  await user.click(screen.getByTestId("call-start"));
  await waitFor(() => expect(screen.getByTestId("call-state")).toHaveAttribute("data-hearing", "heard"));
  return peer;
}

/** Opens a part of the settings from my menu. */
export async function openSettings(user: UserEvent, section: Section): Promise<void> {
  await user.click(screen.getByTestId("menu-me"));
  await user.click(await screen.findByTestId("settings-open"));
  await user.click(await screen.findByTestId(`settings-${section}`));
}

/** Fails with what axe finds in the whole page. Colours need a real renderer and are not judged here. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`)).toEqual([]);
}
