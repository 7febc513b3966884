/** Called before a button is disabled: gives what puts the focus back on it, or on `to`, if it had it and nothing else took it. */
export function heldFocus(button) {
  const had = document.activeElement === button;
  return (to = button) => { if (had && document.activeElement === document.body) to.focus({ preventScroll: true }); };
}
