import { screen, waitFor } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { TAKEN_PORT } from "../host/mock";
import { openWindow } from "../test/window";

const password = () => screen.getByTestId<HTMLInputElement>("connect-password");

test("both fields are asked for kindly, and the first one gets the cursor", async () => {
  const { user } = openWindow();
  await user.click(await screen.findByTestId("connect-submit"));
  expect(screen.getByText(/Type a name\./)).toBeVisible();
  expect(screen.getByText(/Type the password/)).toBeVisible();
  expect(screen.getByTestId("connect-name")).toHaveFocus();
  expect(screen.getByTestId("connect-name")).toBeInvalid();
});

test("the password goes out once as bytes, the field is cleared and the bytes are wiped", async () => {
  const { host, user } = openWindow();
  let handed: Uint8Array | null = null;
  let text = "";
  const connect = vi.spyOn(host, "connect").mockImplementation(async (_name, bytes) => {
    handed = bytes;
    text = new TextDecoder().decode(bytes);
    expect(password().value).toBe("");
    host.goOnline("alice", 47800);
  });
  await user.type(await screen.findByTestId("connect-name"), " alice ");
  await user.type(password(), "pässword{Enter}");
  await screen.findByTestId("status-bar");
  expect(connect).toHaveBeenCalledExactlyOnceWith("alice", expect.any(Uint8Array), 0);
  expect(text).toBe("pässword");
  expect([...(handed ?? [1])].every((byte) => byte === 0)).toBe(true);
  expect(document.body.innerHTML).not.toContain("pässword");
});

test("a port in use is told in words, and the bytes are wiped all the same", async () => {
  const { host, user } = openWindow();
  const connect = vi.spyOn(host, "connect");
  await user.type(await screen.findByTestId("connect-name"), "alice");
  await user.type(password(), "secret");
  await user.click(screen.getByText("Advanced"));
  await user.type(screen.getByTestId("connect-port"), String(TAKEN_PORT));
  await user.click(screen.getByTestId("connect-submit"));
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("Another program on this computer uses this UDP port. This is on your side.");
  expect(alert).toHaveAttribute("data-testid", "connect-error");
  expect([...(connect.mock.calls[0]?.[1] ?? [1])].every((byte) => byte === 0)).toBe(true);
  expect(password().value).toBe("");
  await waitFor(() => expect(password()).toHaveFocus());
  expect(screen.getByText(/Type the password again/)).toBeVisible();
});

test.each(["0", "70000", "abc"])("port %s is refused before anything is sent", async (port) => {
  const { host, user } = openWindow();
  const connect = vi.spyOn(host, "connect");
  await user.type(await screen.findByTestId("connect-name"), "alice");
  await user.type(password(), "secret");
  await user.click(screen.getByText("Advanced"));
  await user.type(screen.getByTestId("connect-port"), port);
  await user.click(screen.getByTestId("connect-submit"));
  expect(await screen.findByText(/Type a number from 1 to 65535/)).toBeVisible();
  expect(connect).not.toHaveBeenCalled();
  expect(password().value).toBe("secret");
});

test("a suggestion is shown, put in the field and can be copied", async () => {
  const { host, user } = openWindow();
  await user.click(await screen.findByTestId("connect-suggest"));
  const words = (await screen.findByTestId("connect-suggested")).textContent ?? "";
  expect(words.split(" ").length).toBe(4);
  expect(password().value).toBe(words);
  await user.click(screen.getByRole("button", { name: "Copy" }));
  expect(host.copied).toBe(words);
});

test("the password can be shown and hidden, and its strength is told", async () => {
  const { user } = openWindow();
  await user.type(await screen.findByTestId("connect-password"), "password");
  expect(password().type).toBe("password");
  await user.click(screen.getByRole("button", { name: "Show password" }));
  expect(password().type).toBe("text");
  expect(await screen.findByTestId("connect-strength", {}, { timeout: 10_000 })).toHaveTextContent(
    "Very easy to guess",
  );
});

test("the port of the settings is used unless another one is typed", async () => {
  const { host, user } = openWindow();
  const network = { port: 50001, mapPort: true, connectAtStart: false };
  await host.setSettings({ ...(await host.settings()), network });
  const connect = vi.spyOn(host, "connect");
  await user.type(await screen.findByTestId("connect-name"), "alice");
  await user.type(password(), "secret");
  await user.click(screen.getByText("Advanced"));
  await waitFor(() => expect(screen.getByText("Empty: 50001, as in the settings.")).toBeVisible());
  await user.click(screen.getByTestId("connect-submit"));
  await waitFor(() => expect(connect).toHaveBeenCalledWith("alice", expect.any(Uint8Array), 50001));
});

test("Caps Lock is told while one types, and no longer when one is elsewhere", async () => {
  const { user } = openWindow();
  await user.click(await screen.findByTestId("connect-password"));
  await user.keyboard("{CapsLock}s");
  expect(screen.getByTestId("connect-hints")).toHaveTextContent("Caps Lock is on.");
  await user.tab();
  expect(screen.getByTestId("connect-hints")).not.toHaveTextContent("Caps Lock");
});

test("a blank at the end, as it comes with pasting, is told", async () => {
  const { user } = openWindow();
  await user.click(await screen.findByTestId("connect-password"));
  await user.paste("four random words here ");
  expect(screen.getByTestId("connect-hints")).toHaveTextContent("begins or ends with a blank");
  await user.keyboard("{Backspace}");
  expect(screen.getByTestId("connect-hints")).not.toHaveTextContent("blank");
});
