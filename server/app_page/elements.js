// Elements are made one by one, and what others wrote only ever becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

function html(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function svg(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Control, zero-width and bidirectional characters are dropped; the joiners are letters' business and stay.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function plain(text) {
  return String(text ?? "").replace(UNSEEN, " ");
}

// A name in its own direction, which does not spill into what stands beside it: that is what bdi does.
function name(text) {
  return html("bdi", {}, plain(text) || "(no name)");
}

function picture(id, title, description, attributes, ...children) {
  return svg(
    "svg",
    { role: "img", "aria-labelledby": `${id}-title`, "aria-describedby": `${id}-desc`, ...attributes },
    svg("title", { id: `${id}-title` }, title),
    svg("desc", { id: `${id}-desc` }, description),
    ...children,
  );
}

function table(caption, columns, rows) {
  const cell = (value, column, heading) =>
    html(heading ? "th" : "td", { class: columns[column].number && "number", scope: heading || undefined }, value);
  return html(
    "table",
    {},
    html("caption", {}, caption),
    html("thead", {}, html("tr", {}, columns.map((column, at) => cell(column.title, at, "col")))),
    html("tbody", {}, rows.map((row) => html("tr", {}, row.map((value, at) => cell(value, at, at === 0 && "row"))))),
  );
}

const opened = new Set(); // what the reader has opened stays open when a newer report is drawn

function switched(id, attribute, label, labelledBy, show) {
  const button = html("button", { type: "button", id, "aria-labelledby": labelledBy && `${id} ${labelledBy}` }, label);
  const turn = () => {
    button.setAttribute(attribute, String(opened.has(id)));
    show(opened.has(id));
  };
  button.addEventListener("click", () => {
    if (!opened.delete(id)) opened.add(id);
    turn();
  });
  turn();
  return button;
}

// A table that assistive technology always finds, and that everyone sees on demand.
function tableBehind(id, shown) {
  const holder = html("div", { class: "scroll" }, shown);
  const show = (open) => holder.classList.toggle("aside", !open);
  return [switched(id, "aria-pressed", "Show as table", null, show), holder];
}

// What is made only when it is asked for.
function disclosure(id, label, labelledBy, make) {
  const holder = html("div", { id: `${id}-content`, class: "details" });
  const button = switched(id, "aria-expanded", label, labelledBy, (open) => {
    holder.hidden = !open;
    holder.replaceChildren(...(open ? [make()] : []));
  });
  button.setAttribute("aria-controls", holder.id);
  return [button, holder];
}
