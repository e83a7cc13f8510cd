// Runs before every page of this program. The page is a program, not a document: nothing reloads it, leaves it or opens a
// browser's menu. What is dropped goes to the page's own handlers and fields only.
(() => {
  // There it moves the cursor by words.
  const mac = /Mac/.test(navigator.userAgent);
  const editable = (element) => element instanceof Element && element.closest("input, textarea, [contenteditable]");

  // In fields the menu stays: it pastes and mends spelling.
  addEventListener("contextmenu", (event) => {
    if (!editable(event.target)) event.preventDefault();
  });

  addEventListener(
    "keydown",
    (event) => {
      const control = event.ctrlKey || event.metaKey;
      const reload = event.key === "F5" || (control && event.code === "KeyR");
      const leave = !mac && event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight");
      const browser = /^Browser(Back|Forward|Refresh|Home|Search)$/.test(event.key);
      const tools = control && ["KeyP", "KeyS", "KeyU"].includes(event.code);
      if (reload || leave || browser || tools) event.preventDefault();
    },
    true,
  );

  // The mouse's own buttons for back and forward.
  for (const type of ["mousedown", "mouseup", "auxclick"]) {
    addEventListener(type, (event) => (event.button === 3 || event.button === 4) && event.preventDefault(), true);
  }

  // Text can be dragged into a field. A file there would become its address, and elsewhere it would be opened.
  for (const type of ["dragover", "drop"]) {
    addEventListener(type, (event) => {
      const files = event.dataTransfer?.types.includes("Files");
      if (files || !editable(event.target)) event.preventDefault();
    });
  }
})();
