import { screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { callUp, expectAccessible, open, openOnline, openSettings, openWindow } from "../test/window";

test("the connect screen, with its errors", async () => {
  const { user } = openWindow();
  await user.click(await screen.findByTestId("connect-submit"));
  await user.click(screen.getByTestId("connect-suggest"));
  await screen.findByTestId("connect-suggested");
  await expectAccessible();
});

test("the empty list", async () => {
  await openOnline("empty");
  await expectAccessible();
});

test.each(["bob", "carol", "dave", "erin", "grace", "heidi", "Maximiliane"])(
  "the conversation with %s",
  async (name) => {
    const { user } = await openOnline();
    await open(user, name);
    await expectAccessible();
  },
);

test("the dialog to add a friend", async () => {
  const { user } = await openOnline();
  await user.click(screen.getByTestId("add-peer"));
  await user.click(await screen.findByTestId("add-submit"));
  expect(screen.getByRole("dialog", { name: "Add a friend" })).toBeVisible();
  await expectAccessible();
});

test("the dialog to share a link", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.click(screen.getByTestId("link-open"));
  expect(await screen.findByRole("dialog", { name: "Share a link with bob" })).toBeVisible();
  await expectAccessible();
});

test.each(["menu-me", "peer-menu", "my-addresses"])("what opens from %s", async (testid) => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.click(screen.getByTestId(testid));
  await screen.findByRole(testid === "my-addresses" ? "dialog" : "menu");
  await expectAccessible();
});

test("the toast", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-remove"));
  await screen.findByTestId("toast");
  await expectAccessible();
});

test("a call with its details, its devices and its troubles", async () => {
  const { host, user } = await openOnline();
  await callUp(user, "bob");
  await user.click(screen.getByTestId("call-details"));
  await screen.findByText("Round trip");
  host.calls.set({ hearing: "speakerOff", fellBack: true });
  await screen.findAllByTestId("call-trouble");
  await expectAccessible();
  await user.click(screen.getByTestId("call-devices"));
  await screen.findByTestId("peer-gain");
  await expectAccessible();
});

test("a call that rings, in its dialog and in the bar", async () => {
  const { host, user } = await openOnline();
  await open(user, "dave");
  host.calls.ring(1);
  await screen.findByTestId("incoming-call");
  await user.click(screen.getByTestId("call-reject-with"));
  await expectAccessible();
  await user.keyboard("{Escape}");
  await screen.findByTestId("call-accept");
  await expectAccessible();
});

test.each(["voice", "pushToTalk"])("the settings with the transmit mode %s", async (mode) => {
  const { user } = await openOnline();
  await openSettings(user, "audio");
  await user.click(screen.getByTestId(`sound-transmit-${mode}`));
  await user.click(screen.getByTestId("mic-test-start"));
  await screen.findByTestId("mic-test-stop");
  await expectAccessible();
});
