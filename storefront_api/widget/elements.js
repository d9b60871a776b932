// Elements, icons and colors of the widget; the server puts this file into regulars.js.
const ICONS = {
  gift: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7c-1.8-4.6-6.5-4-5.4-1C7.1 7 9 7 12 7zM12 7c1.8-4.6 6.5-4 5.4-1-.5 1-2.4 1-5.4 1z",
  bag: "M6 8h12l1 12H5zM9 8V6.5a3 3 0 0 1 6 0V8",
  close: "M6 6l12 12M18 6L6 18",
};

/** An element; text is always set as text, never as HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true || value === false) element.toggleAttribute(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** `color` (#rrggbb), what is readable on it, and a shade of it that is readable on white (4.5:1). */
function shades(color) {
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const onWhite = (rgb) => 1.05 / (light(rgb) + 0.05);
  let deep = parts(color);
  const on = onWhite(deep) >= 4.5 ? "#ffffff" : "#16181c";
  while (onWhite(deep) < 4.8) deep = deep.map((v) => Math.floor(v * 0.94));
  const shade = `rgb(${deep.join(" ")})`;
  return { color, on, deep: shade, "deep-on": on === "#ffffff" ? shade : "#ffffff" };
}
