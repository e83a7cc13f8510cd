import { screen, waitFor, within } from "@testing-library/svelte";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { KeepCode } from "../../host/host";
import { expectAccessible, open, openOnline, openRemembered, openSettings, openWindow } from "../../test/window";

async function fillConnect(user: UserEvent): Promise<void> {
  await user.type(await screen.findByTestId("connect-name"), "alice");
  await user.type(screen.getByTestId("connect-password"), "secret");
}

test("nothing is remembered unless it is asked for", async () => {
  const { host, user } = openWindow();
  const remember = vi.spyOn(host, "remember");
  await fillConnect(user);
  expect(screen.getByTestId("remember")).not.toBeChecked();
  expect(screen.queryByTestId("remember-password")).toBeNull();
  await user.click(screen.getByTestId("connect-submit"));
  await screen.findByTestId("status-bar");
  expect(remember).not.toHaveBeenCalled();
});

test("who asks is remembered before the connection is made, and the password only if that is asked for, too", async () => {
  const { host, user } = openWindow();
  const order: string[] = [];
  for (const method of ["remember", "connect", "rememberPassword"] as const) {
    const real = host[method].bind(host) as (...all: unknown[]) => Promise<void>;
    vi.spyOn(host, method).mockImplementation(async (...all: unknown[]) => {
      order.push(method);
      return real(...all);
    });
  }
  await fillConnect(user);
  await user.click(screen.getByTestId("remember"));
  await user.click(screen.getByTestId("remember-password"));
  await user.click(screen.getByTestId("connect-submit"));
  await screen.findByTestId("status-bar");
  await waitFor(() => expect(order).toEqual(["remember", "connect", "rememberPassword"]));
  expect(host.kept).toMatchObject({ kind: "open", how: "keychain", name: "alice", passwordRemembered: true });
});

test("a passphrase is typed twice, handed over once, and wiped", async () => {
  const { host, user } = openWindow();
  const remember = vi.spyOn(host, "remember");
  await fillConnect(user);
  await user.click(screen.getByTestId("remember"));
  await user.click(screen.getByTestId("seal-passphrase"));
  await user.type(await screen.findByLabelText("Passphrase"), "open sesame");
  await user.type(screen.getByTestId("seal-again"), "open sesam");
  await user.click(screen.getByTestId("connect-submit"));
  expect(await screen.findByText("This is not the same as above.")).toBeVisible();
  expect(remember).not.toHaveBeenCalled();
  await user.type(screen.getByTestId("seal-again"), "e");
  await user.click(screen.getByTestId("connect-submit"));
  await screen.findByTestId("status-bar");
  const seal = remember.mock.calls[0]?.[0];
  expect(seal?.kind).toBe("passphrase");
  expect(seal?.kind === "passphrase" && [...seal.passphrase].every((byte) => byte === 0)).toBe(true);
  expect(host.kept).toMatchObject({ kind: "open", how: "passphrase" });
});

test("the shared password is refused as the passphrase, in whatever form it is written", async () => {
  const { host, user } = openWindow();
  const remember = vi.spyOn(host, "remember");
  await user.type(await screen.findByTestId("connect-name"), "alice");
  await user.type(screen.getByTestId("connect-password"), "caf\u00e9");
  await user.click(screen.getByTestId("remember"));
  await user.click(screen.getByTestId("seal-passphrase"));
  await user.type(await screen.findByLabelText("Passphrase"), "cafe\u0301");
  await user.type(screen.getByTestId("seal-again"), "caf\u00e9");
  await user.click(screen.getByTestId("connect-submit"));
  expect(await screen.findByTestId("seal-error")).toHaveTextContent(/This is the shared password.*another passphrase/);
  expect(screen.getByTestId("seal-secret")).toHaveFocus();
  expect(remember).not.toHaveBeenCalled();
  for (const field of ["seal-secret", "seal-again"]) await user.type(screen.getByTestId(field), " au lait");
  await user.click(screen.getByTestId("connect-submit"));
  await screen.findByTestId("status-bar");
  expect(host.kept).toMatchObject({ kind: "open", how: "passphrase" });
});

test("without a keychain nothing is connected; it is told, and the password stays in its field", async () => {
  const { host, user } = openWindow();
  host.failNext("remember", "keychainAbsent");
  const connect = vi.spyOn(host, "connect");
  await fillConnect(user);
  await user.click(screen.getByTestId("remember"));
  await user.click(screen.getByTestId("connect-submit"));
  expect(await screen.findByRole("alert")).toHaveTextContent(/no keychain that answers.*or use a passphrase/);
  expect(connect).not.toHaveBeenCalled();
  expect(screen.getByTestId<HTMLInputElement>("connect-password").value).toBe("secret");
});

test("a remembered person sees the list at once and connects with the password alone", async () => {
  const { host, user } = openRemembered();
  expect((await screen.findAllByTestId("peer-row")).length).toBeGreaterThan(5);
  expect(screen.getByTestId("status-bar")).toHaveTextContent("Not connected");
  expect(screen.getByTestId("my-state")).toHaveTextContent("not connected");
  const connect = vi.spyOn(host, "connect");
  await user.type(screen.getByTestId("reconnect-password"), "secret{Enter}");
  await waitFor(() => expect(screen.getByTestId("status-bar")).toHaveTextContent("Connected as alice"));
  expect(connect).toHaveBeenCalledExactlyOnceWith("alice", expect.any(Uint8Array), 47800);
  expect([...(connect.mock.calls[0]?.[1] ?? [1])].every((byte) => byte === 0)).toBe(true);
});

test("with a remembered password one click connects, and another password can be typed instead", async () => {
  const { host, user } = openRemembered((host) => host.wakeUp({ passwordRemembered: true }));
  const connect = vi.spyOn(host, "connect");
  const again = vi.spyOn(host, "rememberPassword");
  await user.click(await screen.findByTestId("reconnect-other"));
  await user.type(await screen.findByTestId("reconnect-password"), "new one{Enter}");
  await waitFor(() => expect(screen.getByTestId("status-bar")).toHaveTextContent("Connected"));
  expect(connect).toHaveBeenCalledOnce();
  await waitFor(() => expect(again).toHaveBeenCalledExactlyOnceWith(true));
  await user.click(screen.getByTestId("menu-me"));
  await user.click(await screen.findByTestId("disconnect"));
  await user.click(await screen.findByTestId("connect-again"));
  await waitFor(() => expect(screen.getByTestId("status-bar")).toHaveTextContent("Connected"));
});

test("kept conversations can be read while one is not connected, and one can connect from there", async () => {
  const { user } = openRemembered();
  await screen.findAllByTestId("peer-row");
  await open(user, "bob");
  expect(await screen.findAllByTestId("message")).not.toHaveLength(0);
  await user.click(screen.getByTestId("banner-connect"));
  expect(await screen.findByRole("dialog", { name: "Connect as alice" })).toBeVisible();
  await user.type(screen.getByTestId("reconnect-password"), "secret{Enter}");
  await waitFor(() => expect(screen.getByTestId("status-bar")).toHaveTextContent("Connected"));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(screen.getByTestId("composer")).toBeInTheDocument();
});

test("Disconnect leaves the list and the conversation of a remembered person where they are", async () => {
  const { host, user } = openRemembered();
  host.goOnline("alice", 47800);
  await screen.findAllByTestId("peer-row");
  await open(user, "bob");
  await user.click(screen.getByTestId("menu-me"));
  await user.click(await screen.findByTestId("disconnect"));
  await waitFor(() => expect(screen.getByTestId("status-bar")).toHaveTextContent("Not connected"));
  expect(screen.getByTestId("composer")).toBeInTheDocument();
});

test("a wrong passphrase is told and changes nothing; the right one opens the list", async () => {
  const { user } = openRemembered((host) => host.wakeUpLocked("passphrase", null));
  const field = await screen.findByTestId<HTMLInputElement>("unlock-passphrase");
  await waitFor(() => expect(field).toHaveFocus());
  await user.type(field, "open barley{Enter}");
  expect(await screen.findByText(/This passphrase does not open it/)).toBeVisible();
  await waitFor(() => expect(screen.getByTestId("unlock-passphrase")).toHaveFocus());
  expect(screen.getByTestId<HTMLInputElement>("unlock-passphrase").value).toBe("");
  await user.type(screen.getByTestId("unlock-passphrase"), "open sesame{Enter}");
  expect(await screen.findAllByTestId("peer-row")).not.toHaveLength(0);
});

test("one may start without it: then nothing is kept, nothing is touched, and that is said", async () => {
  const { host, user } = openRemembered((host) => host.wakeUpLocked("passphrase", null));
  const touched = (["unlock", "remember", "forgetEverything"] as const).map((method) => vi.spyOn(host, method));
  const without = vi.spyOn(host, "startWithout");
  await user.click(await screen.findByTestId("unlock-without"));
  expect(without).toHaveBeenCalledOnce();
  expect(await screen.findByTestId("remembered-without")).toBeVisible();
  await fillConnect(user);
  await user.click(screen.getByTestId("connect-submit"));
  expect(await screen.findByTestId("keep-without")).toHaveTextContent("Nothing is kept");
  await openSettings(user, "privacy");
  expect(await screen.findByTestId("keep-closed")).toBeVisible();
  expect(screen.queryByTestId("keep-remember")).toBeNull();
  for (const method of touched) expect(method).not.toHaveBeenCalled();
});

test("who forgot the passphrase can forget it all, sees what went, and begins anew", async () => {
  const { host, user } = openRemembered((host) => host.wakeUpLocked("passphrase", null));
  await user.click(await screen.findByTestId("unlock-forget"));
  const dialog = await screen.findByRole("dialog", { name: "Forget everything" });
  expect(dialog).toHaveTextContent(/Your friends/);
  await user.click(screen.getByTestId("forget-submit"));
  expect(await screen.findByTestId("gone")).toHaveTextContent("store.db");
  await user.click(screen.getByTestId("forget-close"));
  expect(await screen.findByTestId("connect-name")).toBeInTheDocument();
  expect(host.kept).toEqual({ kind: "off" });
});

const TROUBLES: [KeepCode, RegExp][] = [
  ["keychainAbsent", /no keychain that answers.*on your side/],
  ["keychainLocked", /keychain of this computer is locked.*Unlock it/],
  ["keychainRefused", /refused.*allow this program/],
  ["keychainFailed", /keychain of this computer failed/],
  ["keychainWithoutKey", /no longer has the key/],
  ["storeDamaged", /damaged.*backup/],
  ["storeNewer", /newer version.*Install that version/],
  ["storeInUse", /Another program.*Close it/],
  ["storeGone", /gone or were replaced.*quit and start again; what waits is lost/],
  ["storeFailed", /cannot be read or written/],
  ["diskFull", /disk is full.*Make room/],
  ["diskReadOnly", /does not allow writing/],
];

test.each(TROUBLES)("%s is told in words, with a way out", async (code, words) => {
  const { host, user } = openRemembered((host) =>
    code.startsWith("keychain") ? host.wakeUpLocked("keychain", code) : host.breakDown(code),
  );
  expect(await screen.findByTestId("unlock-trouble")).toHaveTextContent(words);
  expect(screen.getByTestId("unlock-without")).toBeEnabled();
  expect(screen.getByTestId("unlock-forget")).toBeEnabled();
  expect(screen.getByTestId("unlock-submit")).toHaveTextContent("Try again");
  await expectAccessible();
  const unlock = vi.spyOn(host, "unlock");
  await user.click(screen.getByTestId("unlock-submit"));
  await waitFor(() => expect(unlock).toHaveBeenCalledExactlyOnceWith(null));
  expect(await screen.findAllByTestId("peer-row")).not.toHaveLength(0);
});

test("what is lost can be set aside: it says where it is, and one begins anew", async () => {
  const { host, user } = openRemembered((host) => host.breakDown("storeDamaged"));
  host.failNext("setStoreAside", "diskReadOnly");
  await user.click(await screen.findByTestId("unlock-aside"));
  expect(await screen.findByTestId("unlock-failure")).toHaveTextContent(/does not allow writing/);
  await user.click(screen.getByTestId("unlock-aside"));
  expect(await screen.findByTestId("set-aside")).toHaveTextContent(/nothing of it deleted.*store\.db\.aside-/);
  await waitFor(() => expect(screen.getByTestId("connect-name")).toHaveFocus());
  expect(host.kept).toEqual({ kind: "off" });
  await expectAccessible();
});

test.each(["storeNewer", "storeFailed"] as const)("what may never open again can be set aside: %s", async (code) => {
  openRemembered((host) => host.breakDown(code));
  expect(await screen.findByTestId("unlock-aside")).toBeEnabled();
});

test("a profile whose passphrase nobody knows can be set aside, and comes back by its names", async () => {
  const { host, user } = openRemembered((host) => host.wakeUpLocked("passphrase", null));
  await user.type(await screen.findByTestId("unlock-passphrase"), "wrong{Enter}");
  expect(await screen.findByTestId("unlock-error")).toBeVisible();
  expect(screen.getByTestId("unlock")).toHaveTextContent(/Give them their former names, and it is there again/);
  await user.click(screen.getByTestId("unlock-aside"));
  expect(await screen.findByTestId("set-aside")).toBeVisible();
  expect(host.kept).toEqual({ kind: "off" });
});

test.each(["storeInUse", "diskFull", "storeGone"] as const)("what may yet open is not set aside: %s", async (code) => {
  openRemembered((host) => host.breakDown(code));
  await screen.findByTestId("unlock-without");
  expect(screen.queryByTestId("unlock-aside")).toBeNull();
});

test("a password that the keychain lost is asked for, and can be remembered anew", async () => {
  const { host, user } = openRemembered((host) => host.wakeUp({ passwordRemembered: true }));
  host.losePassword();
  await user.click(await screen.findByTestId("reconnect-submit"));
  expect(await screen.findByTestId("reconnect-error")).toHaveTextContent(
    /no longer has the password.*once more and tick/,
  );
  await waitFor(() => expect(screen.getByTestId("reconnect-password")).toHaveFocus());
  await user.click(screen.getByTestId("remember-password"));
  await user.type(screen.getByTestId("reconnect-password"), "secret{Enter}");
  await waitFor(() => expect(host.kept).toMatchObject({ passwordRemembered: true }));
});

test("where there is no room for the form, a password that the keychain lost is asked for in a dialog", async () => {
  const { host, user } = openRemembered((host) => host.wakeUp({ passwordRemembered: true }));
  host.losePassword();
  await user.click(await screen.findByTestId("connect-again"));
  const dialog = await screen.findByRole("dialog", { name: "Connect as alice" });
  expect(within(dialog).getByTestId("reconnect-password")).toBeVisible();
  expect(screen.getByTestId("toast")).toHaveTextContent(/no longer has the password/);
});

test("why a connection failed at the start is told, and dismissed for the next page", async () => {
  const { host } = openRemembered((host) => host.wakeUp({ passwordRemembered: true }));
  await screen.findAllByTestId("peer-row");
  const notice = { connectFailed: "portInUse" } as const;
  host.say({ kind: "notice", notice });
  expect(await screen.findByTestId("toast")).toHaveTextContent(/You are not connected.*this UDP port.*under Network/);
  expect(host.dismissed).toEqual([notice]);
});

test("a search that did not look at everything says so", async () => {
  const { host, user } = await openOnline();
  await user.type(screen.getByTestId("search"), "agenda");
  await screen.findAllByTestId("search-hit");
  expect(screen.queryByTestId("search-incomplete")).toBeNull();
  host.complete = false;
  await user.clear(screen.getByTestId("search"));
  await user.type(screen.getByTestId("search"), "is");
  expect(await screen.findByTestId("search-incomplete")).toHaveTextContent(
    "Words under three letters: only the newest 100,000 messages were searched.",
  );
  await expectAccessible();
});

test("what breaks while one is connected is told in the status bar", async () => {
  const { host, user } = openRemembered();
  host.goOnline("alice", 47800);
  await screen.findAllByTestId("peer-row");
  host.stall("diskFull");
  await user.click(await screen.findByTestId("keep-trouble"));
  expect(await screen.findByRole("dialog", { name: "Cannot be kept" })).toHaveTextContent(/disk is full/);
  expect(screen.queryByTestId("keep-aside")).toBeNull();
});

test("what cannot be written any more is set aside from there, and one is remembered anew", async () => {
  const { host, user } = openRemembered();
  host.goOnline("alice", 47800);
  await screen.findAllByTestId("peer-row");
  host.stall("storeDamaged");
  await user.click(await screen.findByTestId("keep-trouble"));
  const popover = await screen.findByRole("dialog", { name: "Cannot be kept" });
  expect(popover).toHaveTextContent(/set it aside and begin anew.*with the former ones it is there again/);
  await expectAccessible();
  await user.click(within(popover).getByTestId("keep-aside"));
  expect(await screen.findByTestId("keep-set-aside")).toHaveTextContent(/nothing of it deleted.*store\.db\.aside-/);
  expect(host.kept).toEqual({ kind: "off" });
  await user.click(screen.getByTestId("keep-remember"));
  await user.click(await screen.findByTestId("seal-submit"));
  await waitFor(() => expect(host.kept.kind).toBe("open"));
  expect(screen.getByTestId("status-bar")).toHaveTextContent("Connected");
});

test("in the settings the switch asks how to seal it, and goes back if one gives up", async () => {
  const { host, user } = await openOnline();
  await openSettings(user, "privacy");
  await user.click(await screen.findByTestId("keep-remember"));
  const dialog = await screen.findByRole("dialog", { name: "Remember me and my friends" });
  await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
  expect(await screen.findByTestId("keep-remember")).not.toBeChecked();
  await user.click(screen.getByTestId("keep-remember"));
  await user.click(await screen.findByTestId("seal-submit"));
  await waitFor(() => expect(screen.getByTestId("keep-remember")).toBeChecked());
  expect(screen.getByTestId("keep-next")).toHaveTextContent("next Connect");
  expect(host.kept).toMatchObject({ kind: "open", how: "keychain" });
});

test("off says what goes before it goes, and the session goes on", async () => {
  const { host, user } = openRemembered();
  host.goOnline("alice", 47800);
  await screen.findAllByTestId("peer-row");
  await openSettings(user, "privacy");
  await user.click(await screen.findByTestId("keep-remember"));
  expect(host.kept.kind).toBe("open");
  await user.click(await screen.findByTestId("forget-submit"));
  expect(await screen.findByTestId("gone")).toHaveTextContent("store.db");
  await waitFor(() => expect(screen.getByTestId("forget-close")).toHaveFocus());
  await user.click(screen.getByTestId("forget-close"));
  expect(screen.getByTestId("status-bar")).toHaveTextContent("Connected");
});

test("the seal can be changed, and a failure leaves it as it was", async () => {
  const { host, user } = openRemembered();
  await screen.findAllByTestId("peer-row");
  await openSettings(user, "privacy");
  await user.click(await screen.findByTestId("keep-seal"));
  await user.click(await screen.findByTestId("seal-passphrase"));
  await user.type(await screen.findByLabelText("Passphrase"), "four words of mine");
  await user.type(screen.getByTestId("seal-again"), "four words of mine");
  host.failNext("changeSeal", "diskFull");
  await user.click(screen.getByTestId("seal-submit"));
  expect(await screen.findByTestId("seal-failure")).toHaveTextContent("The disk is full.");
  expect(host.kept).toMatchObject({ how: "keychain" });
  await user.type(screen.getByLabelText("Passphrase"), "four words of mine");
  await user.type(screen.getByTestId("seal-again"), "four words of mine");
  await user.click(screen.getByTestId("seal-submit"));
  await waitFor(() => expect(host.kept).toMatchObject({ how: "passphrase" }));
});

test("the password of the session is refused as the new passphrase, in words", async () => {
  const { host, user } = openRemembered();
  await screen.findAllByTestId("peer-row");
  await openSettings(user, "privacy");
  await user.click(await screen.findByTestId("keep-seal"));
  await user.click(await screen.findByTestId("seal-passphrase"));
  await user.type(await screen.findByLabelText("Passphrase"), "secret");
  await user.type(screen.getByTestId("seal-again"), "secret");
  host.failNext("changeSeal", "passphraseIsPassword");
  await user.click(screen.getByTestId("seal-submit"));
  expect(await screen.findByTestId("seal-failure")).toHaveTextContent(/This is the shared password/);
  expect(host.kept).toMatchObject({ how: "keychain" });
});

test("a seal that was changed although the keychain may still have the key is told, and done", async () => {
  const { host, user } = openRemembered();
  await screen.findAllByTestId("peer-row");
  await openSettings(user, "privacy");
  await user.click(await screen.findByTestId("keep-seal"));
  await user.click(await screen.findByTestId("seal-passphrase"));
  await user.type(await screen.findByLabelText("Passphrase"), "four words of mine");
  await user.type(screen.getByTestId("seal-again"), "four words of mine");
  host.failNext("changeSeal", "keyLeft");
  await user.click(screen.getByTestId("seal-submit"));
  expect(await screen.findByTestId("toast")).toHaveTextContent(/opens it from now on.*may still have the key/);
  await waitFor(() => expect(screen.queryByTestId("seal-submit")).toBeNull());
  expect(screen.getByTestId("keep-seal")).toBeVisible();
});

test("to connect at the start needs the remembered password, and goes with it", async () => {
  const { host, user } = openRemembered();
  host.goOnline("alice", 47800);
  await screen.findAllByTestId("peer-row");
  await openSettings(user, "privacy");
  expect(await screen.findByTestId("keep-connect-at-start")).toBeDisabled();
  await user.click(screen.getByTestId("keep-password"));
  await waitFor(() => expect(screen.getByTestId("keep-connect-at-start")).toBeEnabled());
  await user.click(screen.getByTestId("keep-connect-at-start"));
  await waitFor(async () => expect((await host.settings()).network.connectAtStart).toBe(true));
  await user.click(screen.getByTestId("keep-password"));
  await waitFor(async () => expect((await host.settings()).network.connectAtStart).toBe(false));
  expect(host.kept).toMatchObject({ passwordRemembered: false });
});

test("a shorter time for all asks, too", async () => {
  const { host, user } = openRemembered((host) => host.wakeUp({ retention: "month" }));
  await screen.findAllByTestId("peer-row");
  await openSettings(user, "privacy");
  await user.selectOptions(await screen.findByTestId("keep-retention"), "off");
  expect(await screen.findByTestId("keep-retention-sure")).toHaveTextContent("without a choice of their own");
  expect(host.kept).toMatchObject({ retention: "month" });
  await user.click(screen.getByTestId("keep-retention-delete"));
  await waitFor(() => expect(host.kept).toMatchObject({ retention: "off" }));
});

test("while the keychain is asked, nothing is offered to try again", async () => {
  openRemembered((host) => host.wakeUpLocked("keychain", null));
  expect(await screen.findByTestId("unlock")).toHaveTextContent(/Opening what is remembered/);
  expect(screen.queryByTestId("unlock-submit")).toBeNull();
  expect(screen.getByTestId("unlock-without")).toBeEnabled();
});

test("profiles are started, shown and deleted from a list, and deleting asks first", async () => {
  const { host, user } = await openOnline();
  host.others = [
    { name: "work", current: false, remembered: true, running: false },
    { name: "club", current: false, remembered: false, running: true },
  ];
  await openSettings(user, "general");
  await waitFor(() => expect(screen.getAllByTestId("profile")).toHaveLength(3));
  expect(screen.getByRole("button", { name: "Delete club" })).toBeDisabled();
  await user.click(screen.getByRole("button", { name: "Show club" }));
  await user.click(screen.getByRole("button", { name: "Delete work" }));
  expect(host.others).toHaveLength(2);
  expect(screen.getByText(/its key, its friends, its messages/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  expect(screen.getByRole("button", { name: "Delete work" })).toHaveFocus();
  await user.click(screen.getByRole("button", { name: "Delete work" }));
  await user.click(screen.getByTestId("profile-delete-sure"));
  expect(await screen.findByTestId("gone")).toHaveTextContent("work/settings.json");
  await waitFor(() => expect(screen.getByTestId("profile-name")).toHaveFocus());
  await user.type(screen.getByTestId("profile-name"), "two words");
  await user.click(screen.getByTestId("profile-create"));
  expect(screen.getByText(/1 to 32 letters/)).toBeVisible();
  await user.clear(screen.getByTestId("profile-name"));
  await user.type(screen.getByTestId("profile-name"), "home");
  await user.click(screen.getByTestId("profile-create"));
  await waitFor(() => expect(host.started).toEqual(["club", "home"]));
  await expectAccessible();
});
