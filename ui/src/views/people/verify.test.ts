import { screen, waitFor, within } from "@testing-library/svelte";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { callUp, expectAccessible, open, openOnline, row } from "../../test/window";

async function compare(user: UserEvent): Promise<HTMLElement> {
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-verify"));
  return screen.findByRole("dialog");
}

test("the four words stand there, and who says that they are the same sees the mark", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  const dialog = await compare(user);
  await waitFor(() => expect(within(dialog).getByTestId("phrase").children).toHaveLength(4));
  const said = [...within(dialog).getByTestId("phrase").children].map((one) => one.textContent);
  expect(said.join(" ")).toBe(await host.phrase(bob));
  expect(dialog).toHaveTextContent("If bob sees the same four words, nobody sits between you.");
  await expectAccessible();
  await user.click(screen.getByTestId("verify-same"));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(within(screen.getByRole("heading", { name: /bob/ })).getByText("verified")).toBeVisible();
  expect(row("bob")).toHaveTextContent("verified");
  await waitFor(() => expect(screen.getByTestId("peer-menu")).toHaveFocus());
});

test("words that differ never set the mark, and what to do is said", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  const marks = vi.spyOn(host, "setVerified");
  const dialog = await compare(user);
  await user.click(await within(dialog).findByTestId("verify-differ"));
  const warning = screen.getByTestId("verify-warning");
  expect(warning).toHaveTextContent("choose a new password over another way");
  expect(warning).toHaveFocus();
  await expectAccessible();
  await user.click(screen.getByTestId("verify-again"));
  expect(screen.getByTestId("verify-differ")).toHaveFocus();
  await user.click(screen.getByTestId("verify-differ"));
  await user.click(screen.getByTestId("verify-disconnect"));
  await waitFor(async () => expect((await host.status()).phase).toBe("offline"));
  expect(marks).not.toHaveBeenCalled();
});

test("words that differ take back the mark that is there", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  await host.setVerified(bob, await host.phrase(bob));
  await waitFor(() => expect(row("bob")).toHaveTextContent("verified"));
  const dialog = await compare(user);
  expect(within(dialog).queryByTestId("verify-same")).toBeNull();
  await user.click(await within(dialog).findByTestId("verify-differ"));
  await waitFor(() => expect(row("bob")).not.toHaveTextContent("verified"));
  expect(screen.getByTestId("verify-warning")).toBeVisible();
});

test("the mark can be taken back", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  await host.setVerified(bob, await host.phrase(bob));
  const dialog = await compare(user);
  await user.click(await within(dialog).findByTestId("verify-off"));
  expect(await within(dialog).findByTestId("verify-same")).toBeVisible();
  expect(row("bob")).not.toHaveTextContent("verified");
});

test("words of a new connection take the place of the old ones, and that is said", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  const before = await host.phrase(bob);
  const dialog = await compare(user);
  await within(dialog).findByTestId("phrase");
  host.reconnect(bob);
  await waitFor(() => expect(within(dialog).getByRole("status")).toHaveTextContent("Begin again"));
  const now = [...within(dialog).getByTestId("phrase").children].map((one) => one.textContent).join(" ");
  expect(now).not.toBe(before);
  expect(now).toBe(await host.phrase(bob));
});

test("who compared words of a connection that is gone gets no mark", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  const dialog = await compare(user);
  const same = await within(dialog).findByTestId("verify-same");
  host.failNext("setVerified", "wordsChanged");
  await user.click(same);
  expect(await screen.findByText(/belong to a connection that is gone/)).toBeVisible();
  expect(dialog).toBeVisible();
  expect(row("bob")).not.toHaveTextContent("verified");
});

test("without a connection there are no words, and it says why", async () => {
  const { user } = await openOnline();
  await open(user, "dave");
  const dialog = await compare(user);
  expect(await within(dialog).findByTestId("verify-offline")).toHaveTextContent(
    "only while you are connected with dave",
  );
  expect(within(dialog).queryByTestId("verify-same")).toBeNull();
  expect(within(dialog).queryByTestId("verify-differ")).toBeNull();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.getByTestId("peer-menu")).toHaveFocus());
});

test("the details of a call lead to the words", async () => {
  const { user } = await openOnline();
  await callUp(user, "bob");
  await user.click(screen.getByTestId("call-details"));
  await user.click(await screen.findByTestId("call-verify"));
  expect(await screen.findByTestId("phrase")).toBeVisible();
});

test("that a verified person came back with another key is a line of its own", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  host.notice(bob, "unverified");
  await waitFor(() =>
    expect(screen.getAllByTestId("notice").at(-1)).toHaveTextContent(
      "bob was verified with the key before, not with this one. Compare the words again in a call.",
    ),
  );
});
