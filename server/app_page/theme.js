// The host's theme, font and colours. Colours that would make something unreadable are not taken.

const ROOT = document.documentElement;
const TAKEN = {
  "--background": "--color-background-primary",
  "--text": "--color-text-primary",
  "--quiet": "--color-text-secondary",
};
const WRITTEN = ["--text", "--quiet", "--accent", "--done", "--on_track", "--at_risk", "--overdue", "--unknown"];
const READABLE = 4.5; // WCAG 2.2, 1.4.3

function wear({ theme, styles, safeAreaInsets }) {
  ROOT.style.colorScheme = theme === "light" || theme === "dark" ? theme : "";
  const variables = (styles && styles.variables) || {};
  set("--font", variables["--font-sans"], "font-family");
  for (const [own, theirs] of Object.entries(TAKEN)) set(own, variables[theirs]);
  const readable = WRITTEN.every((colour) => contrast(colour, "--background") >= READABLE);
  if (!readable) Object.keys(TAKEN).forEach((own) => set(own));
  const inset = (side) => `${16 + (numeric(safeAreaInsets?.[side]) ?? 0)}px`;
  document.body.style.padding = safeAreaInsets ? ["top", "right", "bottom", "left"].map(inset).join(" ") : "";
}

function set(property, value, kind = "color") {
  if (typeof value === "string" && CSS.supports(kind, value)) ROOT.style.setProperty(property, value);
  else ROOT.style.removeProperty(property);
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05); // not a number, hence not readable, when a colour cannot be told
}

// Relative luminance as WCAG defines it, of a colour in whatever notation the host uses.
function luminance(property) {
  const probe = html("i", {});
  probe.style.color = "transparent";
  document.body.append(probe);
  probe.style.color = `var(${property})`;
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue, opaque] = pen.getImageData(0, 0, 1, 1).data;
  if (opaque < 255) return NaN;
  const linear = [red, green, blue].map((part) => (part <= 10 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}
