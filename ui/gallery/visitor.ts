/** Somebody who clicks and types until the page shows what the gallery wants to show. */
export class Visitor {
  /** The first element of this test id, once it is there. */
  async find(testid: string, text = ""): Promise<HTMLElement> {
    return this.#until(() =>
      [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)].find((one) =>
        one.textContent?.includes(text),
      ),
    );
  }

  /** `text`: the one that contains it. */
  async click(testid: string, text = ""): Promise<void> {
    const element = await this.find(testid, text);
    const mouse = { bubbles: true, cancelable: true, button: 0, pointerType: "mouse" };
    // Menus open at the press, buttons act at the click. One without `detail` comes from a keyboard or a screen reader.
    element.dispatchEvent(new PointerEvent("pointerdown", mouse));
    element.dispatchEvent(new PointerEvent("pointerup", mouse));
    element.dispatchEvent(new MouseEvent("click", { ...mouse, detail: 1 }));
  }

  async type(testid: string, text: string): Promise<void> {
    const field = (await this.find(testid)) as HTMLInputElement | HTMLTextAreaElement;
    field.focus();
    field.value = text;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  /** Takes an option of a list. */
  async choose(testid: string, value: string): Promise<void> {
    const list = (await this.find(testid)) as HTMLSelectElement;
    list.value = value;
    list.dispatchEvent(new Event("change", { bubbles: true }));
  }

  async press(key: string, more: KeyboardEventInit = {}): Promise<void> {
    const target = document.activeElement ?? document.body;
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  }

  /** Opens the conversation with somebody, by the beginning of the name. */
  async open(name: string): Promise<void> {
    await this.click("peer-row", name);
    await this.find("composer");
  }

  /** What was scrolled or moved stands still. */
  async settle(): Promise<void> {
    for (let frame = 0; frame < 10; frame += 1) await new Promise(requestAnimationFrame);
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    const deadline = performance.now() + 5000;
    for (;;) {
      const found = look();
      if (found) return found;
      if (performance.now() > deadline) throw new Error("the gallery waited in vain");
      await new Promise(requestAnimationFrame);
    }
  }
}
