import { screen, waitFor, within } from "@testing-library/svelte";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { expectAccessible, open, openOnline, openRemembered } from "../../test/window";

test("a conversation is cleared after it was asked, here alone, and the focus stays in it", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  const clear = vi.spyOn(host, "clearConversation");
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-clear"));
  const dialog = await screen.findByRole("dialog", { name: "Clear the conversation with bob" });
  expect(dialog).toHaveTextContent(/Nobody can bring them back.*Only here: bob keeps theirs/);
  await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
  expect(clear).not.toHaveBeenCalled();
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-clear"));
  await user.click(await screen.findByRole("button", { name: "Delete them" }));
  expect(await screen.findByText("Deleted all messages with bob")).toBeVisible();
  expect(clear).toHaveBeenCalledExactlyOnceWith(bob);
  await waitFor(() => expect(screen.queryAllByTestId("message")).toEqual([]));
  expect(screen.getByText(/No messages here any more/)).toBeVisible();
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await waitFor(() => expect(document.body).not.toHaveFocus());
  await user.click(screen.getByTestId("peer-menu"));
  await screen.findByTestId("peer-rename");
  expect(screen.queryByTestId("peer-clear")).toBeNull();
});

test("messages are kept by a choice, and a shorter time asks before it deletes", async () => {
  const { host, user } = openRemembered();
  await screen.findAllByTestId("peer-row");
  await open(user, "bob");
  await keepDialog(user);
  const retain = vi.spyOn(host, "setRetention");
  await user.selectOptions(screen.getByTestId("peer-retention"), "forever");
  await waitFor(() => expect(retain).toHaveBeenCalledExactlyOnceWith(1, "forever"));
  await waitFor(() => expect(screen.getByTestId("peer-retention")).toBeEnabled());
  await user.selectOptions(screen.getByTestId("peer-retention"), "day");
  expect(await screen.findByTestId("peer-retention-sure")).toHaveTextContent("older are deleted");
  expect(retain).toHaveBeenCalledOnce();
  await user.click(screen.getByRole("button", { name: "Leave it as it is" }));
  expect(screen.getByTestId("peer-retention")).toHaveFocus();
  expect(screen.getByTestId("peer-retention")).toHaveValue("forever");
  await user.selectOptions(screen.getByTestId("peer-retention"), "day");
  await user.click(screen.getByTestId("peer-retention-delete"));
  await waitFor(() => expect(retain).toHaveBeenLastCalledWith(1, "day"));
  expect(await screen.findByText("Deleted the older messages with bob")).toBeVisible();
  await waitFor(() => expect(screen.getByTestId("peer-retention")).toHaveFocus());
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.getByText("Earlier messages are no longer kept.")).toBeInTheDocument());
});

test("who is not remembered has no messages kept, but may export them", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await keepDialog(user);
  expect(screen.getByTestId("peer-retention")).toBeDisabled();
  expect(screen.getByTestId("export-text")).toBeEnabled();
  await expectAccessible();
});

test("a timer for both is announced by a line and a sign in the header", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  expect(screen.queryByTestId("vanishing")).toBeNull();
  await keepDialog(user);
  await user.selectOptions(screen.getByTestId("peer-vanishing"), "3600");
  await waitFor(() => expect(screen.getByTestId("vanishing-line")).toHaveTextContent("You set messages to disappear"));
  await user.keyboard("{Escape}");
  expect(await screen.findByTestId("vanishing")).toHaveTextContent("1 hour");
});

test("an app that cannot make messages disappear is named as the reason", async () => {
  const { host, user } = await openOnline();
  host.failNext("setVanishing", "vanishUnsupported");
  await open(user, "bob");
  await keepDialog(user);
  await user.selectOptions(screen.getByTestId("peer-vanishing"), "300");
  expect(await screen.findByText(/cannot make messages disappear/)).toBeVisible();
  await waitFor(() => expect(screen.getByTestId("peer-vanishing")).toHaveValue("0"));
});

test("an export warns and says where it is; giving up says nothing", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  await keepDialog(user);
  expect(screen.getByText(/An exported file is not sealed/)).toBeVisible();
  host.saveAs = null;
  await user.click(screen.getByTestId("export-json"));
  expect(screen.queryByTestId("toast")).toBeNull();
  host.saveAs = "/home/alice/bob.txt";
  await waitFor(() => expect(screen.getByTestId("export-text")).toBeEnabled());
  await user.click(screen.getByTestId("export-text"));
  expect(await screen.findByText("Saved as /home/alice/bob.txt")).toBeVisible();
});

test("an import says how much came, and what is no export", async () => {
  const { host, user } = openRemembered((host) => host.wakeUp({ retention: "forever" }));
  await screen.findAllByTestId("peer-row");
  await open(user, "bob");
  await keepDialog(user);
  await user.click(screen.getByTestId("import"));
  expect(await screen.findByText("Added 12 lines.")).toBeVisible();
  host.imported = { lines: 2, tooOld: 1, kept: true, from: "dora" };
  await waitFor(() => expect(screen.getByTestId("import")).toBeEnabled());
  await user.click(screen.getByTestId("import"));
  expect(
    await screen.findByText(/^Added 2 lines from an export of a conversation with dora\. 1 line left/),
  ).toBeVisible();
  host.failNext("importConversation", "invalidExport");
  await waitFor(() => expect(screen.getByTestId("import")).toBeEnabled());
  await user.click(screen.getByTestId("import"));
  expect(await screen.findByText(/no export of a conversation/)).toBeVisible();
});

async function keepDialog(user: UserEvent): Promise<void> {
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-keep"));
  await screen.findByTestId("peer-retention");
}
