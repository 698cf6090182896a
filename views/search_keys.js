// "/" goes to a list's search, and Enter in it asks for the only one found.
// search_keys.py mounts it.
//
// Streamlit mounts a component anew on reruns. There is one listener for as long as the
// document lives; it serves the search that was mounted last.

const KEY = Symbol.for("infusion-outcomes.search-keys");

export default function mount({ data, setTriggerValue }) {
  const keys = (window[KEY] ??= listen());
  keys.search = () => document.querySelector(`.st-key-${CSS.escape(data.search)} input`);
  keys.enter = (text) => setTriggerValue("entered", text);
}

function listen() {
  const keys = { search: () => null, enter: () => {} };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const search = keys.search();
    if (search === null) return;
    if (event.key === "Enter" && event.target === search) keys.enter(search.value);
    if (event.key === "/" && !isTyping(event)) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });
  return keys;
}

// Inside a component of its own the element that has the focus is only on the path.
function isTyping(event) {
  const [target] = event.composedPath();
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
