import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { expectAccessible, openOnline, openWindow, row } from "../../test/window";

const PNG = new File([new Uint8Array([0x89, 0x50, 0x4e, 0x47])], "code.png", { type: "image/png" });

async function openExchange(people: "full" | "empty" = "empty") {
  const stage = await openOnline(people);
  await stage.user.click(screen.getByTestId("add-peer"));
  await screen.findByTestId("exchange");
  return stage;
}

async function paste(user: Awaited<ReturnType<typeof openExchange>>["user"], text: string) {
  await user.click(screen.getByTestId("add-invite"));
  await user.paste(text);
}

test("the empty list offers exactly two ways", async () => {
  await openOnline("empty");
  const ways = within(screen.getByTestId("empty")).getAllByRole("button");
  expect(ways.map((way) => way.textContent?.trim())).toEqual(["Add a friend", "Start Echo"]);
});

test("my invite can be copied, and it says that no password is in it", async () => {
  const { host, user } = await openExchange();
  await waitFor(() => expect(screen.getByTestId("invite-mine")).toHaveTextContent("p2p-comm:alice@192.0.2.1:47800"));
  expect(screen.getByText(/no password, so it is no secret/)).toBeVisible();
  await user.click(screen.getByTestId("invite-copy"));
  expect(host.copied).toBe(await host.invite());
});

test("my invite as a QR code comes and goes", async () => {
  const { user } = await openExchange();
  const button = screen.getByTestId("invite-qr");
  await waitFor(() => expect(button).toBeEnabled());
  await user.click(button);
  const code = screen.getByRole("img", { name: "QR code of your invite" });
  expect(code.querySelector("path")?.getAttribute("d")?.length).toBeGreaterThan(1000);
  await user.click(button);
  expect(screen.queryByTestId("qr")).toBeNull();
});

test("a pasted invite is understood, its name can be changed, and all of its addresses are added", async () => {
  const { host, user } = await openExchange();
  const add = vi.spyOn(host, "addPeer");
  await paste(user, " “p2p-comm:nina@198.51.100.9:\n47800,[2001:db8::9]:47801”\u200b ");
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("nina"));
  expect(screen.getByTestId("add-understood")).toHaveTextContent("2 addresses are in it");
  expect(screen.getByTestId("add-understood")).toHaveTextContent("[2001:db8::9]:47801");
  await user.type(screen.getByTestId("add-label"), " from work");
  await user.click(screen.getByTestId("add-submit"));
  await waitFor(() => expect(row("nina from work")).toHaveAttribute("aria-current", "true"));
  expect(add).toHaveBeenCalledExactlyOnceWith("nina from work", [
    { host: "198.51.100.9", port: 47800 },
    { host: "2001:db8::9", port: 47801 },
  ]);
  await waitFor(() => expect(screen.queryByTestId("exchange")).toBeNull());
});

test("a name that was typed first stays when an invite is pasted", async () => {
  const { user } = await openExchange();
  await user.type(screen.getByTestId("add-label"), "my sister");
  await paste(user, "p2p-comm:nina@198.51.100.9:47800");
  await waitFor(() => expect(screen.getByTestId("add-understood")).toHaveTextContent("One address"));
  expect(screen.getByTestId("add-label")).toHaveValue("my sister");
});

test("whoever added somebody can write at once", async () => {
  const { user } = await openExchange();
  await paste(user, "p2p-comm:nina@198.51.100.9:47800");
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("nina"));
  await user.click(screen.getByTestId("add-submit"));
  await waitFor(() => expect(screen.queryByTestId("exchange")).toBeNull());
  await waitFor(() => expect(screen.getByTestId("composer")).toHaveFocus());
});

test("half an invite is not complained about while it is typed, but at the end it is", async () => {
  const { user } = await openExchange();
  await user.type(screen.getByTestId("add-invite"), "p2p-comm:nina@198.51");
  expect(screen.queryByTestId("add-error")).toBeNull();
  await user.tab();
  expect(await screen.findByTestId("add-error")).toHaveTextContent("There is no invite in this text.");
});

test("whoever pastes their own invite is told so", async () => {
  const { host, user } = await openExchange();
  await paste(user, await host.invite());
  expect(await screen.findByTestId("add-error")).toHaveTextContent("You added your own address.");
  await user.click(screen.getByTestId("add-submit"));
  expect(screen.getByTestId("exchange")).toBeVisible();
});

test("without anything it says what to do, and where", async () => {
  const { user } = await openExchange();
  await user.click(screen.getByTestId("add-submit"));
  await waitFor(() => expect(screen.getAllByTestId("add-error").length).toBe(2));
  expect(screen.getByTestId("add-invite")).toHaveFocus();
  expect(screen.getByTestId("add-invite")).toBeInvalid();
});

test("a QR code is read from a file", async () => {
  const { host, user } = await openExchange();
  host.qr = "p2p-comm:nina@198.51.100.9:47800";
  await user.upload(screen.getByTestId("add-picture"), PNG);
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("nina"));
  expect(screen.getByTestId("add-invite")).toHaveValue(host.qr);
});

test("a QR code is read from the clipboard", async () => {
  const { host, user } = await openExchange();
  host.qr = "p2p-comm:nina@198.51.100.9:47800";
  await user.click(screen.getByTestId("add-qr-clipboard"));
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("nina"));
});

test.each(["drop", "paste"])("a picture is read by %s, and the page goes nowhere", async (way) => {
  const { host } = await openExchange();
  host.qr = "p2p-comm:nina@198.51.100.9:47800";
  const place = screen.getByTestId("exchange");
  const data = { files: [PNG], types: ["Files"] };
  const went = await (way === "drop"
    ? fireEvent.drop(place, { dataTransfer: data })
    : fireEvent.paste(place, { clipboardData: data }));
  expect(went).toBe(false);
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("nina"));
});

test.each([
  ["noQr", /No readable QR code/],
  ["notAnImage", /not a picture that can be read/],
] as const)("a picture that fails with %s is told in words", async (code, words) => {
  const { host, user } = await openExchange();
  host.failNext("readQr", code);
  await user.upload(screen.getByTestId("add-picture"), PNG);
  expect(await screen.findByTestId("add-error")).toHaveTextContent(words);
});

test("a picture that is too large is refused before it is read", async () => {
  const { host, user } = await openExchange();
  const read = vi.spyOn(host, "readQr");
  const huge = new File([], "huge.png", { type: "image/png" });
  Object.defineProperty(huge, "size", { value: 17 * 1024 * 1024 });
  await user.upload(screen.getByTestId("add-picture"), huge);
  expect(await screen.findByTestId("add-error")).toHaveTextContent("up to 16 MiB");
  expect(read).not.toHaveBeenCalled();
});

test("an address can be typed instead, and a pasted one fills both fields", async () => {
  const { user } = await openExchange();
  await user.click(screen.getByTestId("add-by-hand"));
  expect(screen.getByTestId("add-host")).toHaveFocus();
  await user.paste("192.0.2.99:50000");
  await waitFor(() => expect(screen.getByTestId("add-port")).toHaveValue("50000"));
  expect(screen.getByTestId("add-host")).toHaveValue("192.0.2.99");
  await user.type(screen.getByTestId("add-label"), "nina");
  await user.click(screen.getByTestId("add-submit"));
  await waitFor(() => expect(row("nina")).toHaveAttribute("aria-current", "true"));
});

test("what is wrong with an address is told beside it", async () => {
  const { user } = await openExchange();
  await user.click(screen.getByTestId("add-by-hand"));
  await user.clear(screen.getByTestId("add-port"));
  await user.type(screen.getByTestId("add-port"), "70000");
  await user.click(screen.getByTestId("add-submit"));
  await waitFor(() => expect(screen.getAllByTestId("add-error").length).toBe(3));
  expect(screen.getByTestId("add-host")).toHaveFocus();
});

test("an address twice is told in words, and nothing typed is lost", async () => {
  const { user } = await openExchange("full");
  await paste(user, "p2p-comm:bob@192.0.2.7:47800");
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("bob"));
  await user.click(screen.getByTestId("add-submit"));
  expect(await screen.findByRole("alert")).toHaveTextContent("This address is on your list already.");
  expect(screen.getByTestId("add-invite")).toHaveValue("p2p-comm:bob@192.0.2.7:47800");
});

test("axe finds nothing: empty, understood, wrong, by hand, with the code", async () => {
  const { user } = await openExchange();
  await user.click(screen.getByTestId("invite-qr"));
  await expectAccessible();
  await paste(user, "p2p-comm:nina@198.51.100.9:47800");
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("nina"));
  await expectAccessible();
  await user.click(screen.getByTestId("add-by-hand"));
  await user.click(screen.getByTestId("add-submit"));
  await expectAccessible();
});

test("an invite that was opened as a link stands in the dialog, and nobody is added", async () => {
  const { host, user } = await openOnline("empty");
  const add = vi.spyOn(host, "addPeer");
  host.openInvite("p2p-comm:nina@198.51.100.9:47800");
  await waitFor(() => expect(screen.getByTestId("add-invite")).toHaveValue("p2p-comm:nina@198.51.100.9:47800"));
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("nina"));
  // Whoever was just typing something else presses this next.
  await user.keyboard("{Enter}");
  expect(add).not.toHaveBeenCalled();
});

test("an invite that is opened before one is connected waits until then", async () => {
  const { host } = openWindow("empty");
  await screen.findByTestId("connect-submit");
  host.openInvite("p2p-comm:nina@198.51.100.9:47800");
  await waitFor(() => expect(screen.getByText(/Connect, and it is shown/)).toBeVisible());
  host.goOnline("alice", 47800);
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("nina"));
});

test("an opened link takes the place of no invite that is there already, and says so", async () => {
  const { host } = await openExchange();
  host.openInvite("p2p-comm:nina@198.51.100.9:47800");
  await waitFor(() => expect(screen.getByTestId("add-label")).toHaveValue("nina"));
  host.openInvite("p2p-comm:eve@198.51.100.66:47800");
  expect(await screen.findByText(/brought another invite/)).toBeVisible();
  expect(screen.getByTestId("add-label")).toHaveValue("nina");
});

test("an opened link that is no invite says so", async () => {
  const { host } = await openExchange();
  host.openInvite("p2p-comm:what?");
  await waitFor(() => expect(screen.getByTestId("add-error")).toBeVisible());
  expect(screen.getByTestId("add-invite")).toHaveValue("p2p-comm:what?");
  expect(screen.getByTestId("add-label")).toHaveValue("");
});
