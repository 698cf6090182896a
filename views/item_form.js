// Keyboard entry of one form, one digit per item. item_form.py mounts it.
//
// Answers live here, in the browser, until they are saved. Streamlit calls the
// function below again whenever it has something new to say. What was typed
// survives that, a lost connection and a restart of the server: it is kept by
// `record`, and taken from the server only when a record is first seen. A draft goes
// to an address of its own, so that no page runs for it.

const DRAFT_AFTER = 1000; // ms after the last answer
const DRAFT_AGAIN_AFTER = 4000; // ms after a draft that did not arrive
const READ_FOR_AT_LEAST = 600; // ms from what is said back until it can be saved
const GIVE_UP_AFTER = 6000; // ms without a reply to a save
const SETTLE_AFTER = 800; // ms from a reply until answers may change again
const FRAMES_TO_FOCUS = 60; // about a second, for a form that is still hidden
const STEPS_TO_UNDO = 200;

const MODIFIERS = new Set(["Alt", "Control", "Meta", "Shift"]);
const NO_REPLY =
  "No reply yet. Your answers are still here: save again when you are connected.";

const forms = new WeakMap(); // shadow root -> ItemForm
const kept = new Map(); // record -> what was typed on this page; see `unfinished`
let ahead = null; // TypedAhead, while a save is under way

export default function mount(component) {
  const root = component.parentElement;
  if (forms.get(root)?.record !== component.data.record) {
    forms.get(root)?.close();
    forms.set(root, new ItemForm(component));
  }
  forms.get(root).update(component);
  return () => forms.get(root).close();
}

class ItemForm {
  constructor({ data, parentElement }) {
    const before = unfinished(data);
    this.root = parentElement;
    this.record = data.record;
    // The first token seen for a record stays: a save that is sent again after
    // a restart of the server is still the same save.
    this.token = before?.token ?? data.token;
    this.slots = slotsOf(data);
    this.sent = before?.sent ?? false;
    this.values = before?.values ?? valuesOf(data);
    this.history = [];
    this.review = null; // { reason, since }, while what was typed is said back
    this.drafting = Promise.resolve();
    this.closed = new AbortController();
    this.build(data);
    this.listen();
    if (!before && data.draft) this.say(data.draft.kept, { calm: true });
  }

  update(component) {
    this.component = component;
    this.data = component.data;
    this.paintTheme();
    this.paint();
    this.wasReceived(this.data.received);
    if (this.data.autofocus && !this.hadFocus) this.takeFocus();
    this.hadFocus = this.data.autofocus;
  }

  close() {
    this.closed.abort();
    clearTimeout(this.draftTimer);
    clearTimeout(this.replyTimer);
  }

  part(selector) {
    return this.root.querySelector(selector);
  }

  // --- what is on the page ---------------------------------------------------

  build(data) {
    this.rows = this.slots.map(row);
    this.part(".name").textContent = data.name;
    this.part(".stem").textContent = data.stem;
    this.part(".keys").replaceChildren(...keysHelp(data));
    this.part(".scale").replaceChildren(scale(data.answers));
    this.part(".rows").replaceChildren(...this.rows);
    this.part(".choices").replaceChildren(...data.partial_reasons.map(reason));
    this.part(".hint").textContent = `${saveKeys()} saves, Esc goes back`;
    this.say("");
  }

  listen() {
    const section = this.part(".item-form");
    section.onkeydown = (event) => this.onKey(event);
    section.onpaste = (event) => this.onPaste(event);
    section.onchange = (event) => this.onChange(event);
    section.onclick = (event) => this.onRowClick(event);
    this.part(".save").onclick = () => this.save();
    this.part(".save").onblur = () => (this.arrivedByTyping = false);
    this.part(".save-partial").onclick = () => this.savePartial();
    this.part(".clear").onclick = () => this.clear();
    this.part(".confirm").onclick = () => this.confirm();
    this.part(".back").onclick = () => this.goBack();
    const { signal } = this.closed;
    document.addEventListener("visibilitychange", () => this.onHide(), { signal });
  }

  paint() {
    this.rows.forEach((element, index) => this.paintRow(element, index));
    this.part(".status").replaceChildren(...this.statusParts());
    this.part(".partial").hidden = this.isInReview() || !this.mayBePartial();
    const save = this.part(".save");
    save.textContent = this.locked ? "Saving…" : this.data.save_label;
    save.setAttribute("aria-disabled", Boolean(this.locked));
    save.hidden = this.isInReview();
    const clear = this.part(".clear");
    clear.textContent = this.cleared ? "Undo clear" : "Clear";
    const empty = this.values.every((value) => value === null);
    clear.hidden = this.isInReview() || (!this.cleared && empty);
    this.paintReview();
  }

  paintReview() {
    const { review } = this.data;
    this.part(".rows").inert = this.isInReview();
    this.part(".status").hidden = this.isInReview();
    this.part(".review").hidden = !this.isInReview();
    if (!this.isInReview()) return;
    this.part("#review-title").textContent = review.title;
    this.part(".about").textContent = review.about;
    this.part(".lines").replaceChildren(...this.reviewLines());
    const confirm = this.part(".confirm");
    confirm.textContent = this.locked ? "Saving…" : review.save_label;
    confirm.setAttribute("aria-disabled", Boolean(this.locked));
  }

  // Every sentence is Python's; here is only chosen which.
  reviewLines() {
    const { echo } = this.data.review;
    const { total, gaps, sentence } = this.said(echo);
    const lines = gaps > 0 ? [sentence] : echo.totals[total];
    const said = lines.map((line) => make("p", {}, line));
    if (!echo.watched) return said;
    const answer = this.values[this.data.watch_item - 1];
    const words = answer === null ? echo.watched_unanswered : echo.watched[answer];
    const kind = answer === 0 ? "item-9" : "item-9 watch";
    return [...said, make("p", { class: kind }, words)];
  }

  said(echo) {
    const answered = this.scoredValues().filter((value) => value !== null);
    const total = answered.reduce((sum, value) => sum + value, 0);
    const gaps = this.gaps().length;
    const numbers = {
      answered: answered.length,
      lowest: total,
      highest: total + gaps * ends(this.data.answers)[1],
    };
    const sentence = echo.incomplete.replaceAll(/{(\w+)}/g, (_, name) => numbers[name]);
    return { total, gaps, sentence };
  }

  paintRow(element, index) {
    const slot = this.slots[index];
    const value = this.values[index];
    const gap = Boolean(this.showGaps && slot.scored && value === null);
    for (const input of element.querySelectorAll("input")) {
      input.checked = value !== null && Number(input.value) === value;
    }
    element.classList.toggle("gap", gap);
    element.classList.toggle("watched", this.isWatched(index));
    element.setAttribute("aria-invalid", gap);
    const chosen = value === null ? "" : wordsOf(slot, value);
    element.querySelector(".chosen").textContent = gap ? "No answer" : chosen;
  }

  paintTheme() {
    const section = this.part(".item-form");
    const { accent, onAccent } = accentColours(section);
    section.style.setProperty("--accent", accent);
    section.style.setProperty("--on-accent", onAccent);
  }

  statusParts() {
    const scored = this.scoredValues();
    const answered = scored.filter((value) => value !== null);
    const sum = answered.reduce((total, value) => total + value, 0);
    const parts = [`${answered.length} of ${scored.length} answered`];
    // An incomplete form has no total; its sum is called what it is.
    if (answered.length === scored.length) {
      parts.push(", ", make("strong", {}, `total ${sum}`));
    } else if (answered.length > 0) {
      parts.push(`, ${sum} so far`);
    }
    const watched = this.data.watch_item - 1;
    if (this.isWatched(watched)) parts.push(". ", this.watchSentence(watched));
    return parts;
  }

  watchSentence(index) {
    const value = this.values[index];
    const words = lowerFirst(wordsOf(this.slots[index], value));
    return make("span", { class: "watch" }, `Item ${index + 1}: ${value}, ${words}`);
  }

  say(message, { calm = false } = {}) {
    const element = this.part(".message");
    element.classList.toggle("calm", calm);
    element.textContent = message;
  }

  // --- what was answered -----------------------------------------------------

  scoredValues() {
    return this.values.filter((_, index) => this.slots[index].scored);
  }

  gaps() {
    return this.slots.flatMap((slot, index) =>
      slot.scored && this.values[index] === null ? [index] : [],
    );
  }

  isWatched(index) {
    return index === this.data.watch_item - 1 && this.values[index] > 0;
  }

  isInReview() {
    return this.review !== null;
  }

  isHeld() {
    return this.locked || this.isInReview();
  }

  mayBePartial() {
    const reasons = this.data.partial_reasons.length > 0;
    return Boolean(reasons && this.showGaps && this.gaps().length > 0);
  }

  setValue(index, value) {
    this.setValues(this.values.with(index, value));
  }

  setValues(values) {
    if (this.isHeld()) return this.paint();
    this.history = [...this.history, this.values].slice(-STEPS_TO_UNDO);
    this.changeTo(values);
  }

  changeTo(values) {
    this.values = values;
    this.cleared = false;
    this.refused = false;
    this.showGaps = Boolean(this.showGaps && this.gaps().length > 0);
    this.say(this.showGaps ? gapSentence(this.gaps()) : "");
    this.keep();
    this.paint();
    clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => this.sendDraft(), DRAFT_AFTER);
  }

  keep() {
    const { values, token, sent } = this;
    kept.set(this.record, { values, token, sent });
  }

  undo() {
    if (this.isHeld() || this.history.length === 0) return;
    const now = this.values;
    this.changeTo(this.history.pop());
    const changed = this.values.findIndex((value, index) => value !== now[index]);
    this.focusSlot(Math.max(changed, 0));
  }

  clear() {
    if (this.isHeld()) return;
    if (this.cleared) return this.undo();
    this.setValues(this.values.map(() => null));
    this.cleared = true;
    this.paint();
    this.focusSlot(0);
  }

  // --- keys, mouse, touch, paste -----------------------------------------------

  onKey(event) {
    if (event.isComposing) return;
    if (event.ctrlKey || event.metaKey) return this.onCommand(event);
    if (event.key === "Escape" && this.isInReview()) {
      return handled(event, () => this.goBack());
    }
    const index = this.slotOf(event.target);
    if (index === null || event.altKey) return;
    const key = keyOf(event);
    if (key === null) return this.onSlotKey(event, index);
    // A key held down must not fill the form.
    handled(event, () => event.repeat || this.type(index, key));
  }

  onCommand(event) {
    const onPartial = event.target === this.part(".save-partial");
    const commands = {
      Enter: () => {
        if (this.isInReview()) return this.confirm();
        return onPartial ? this.savePartial() : this.save();
      },
      z: () => this.undo(),
    };
    if (event.shiftKey || !Object.hasOwn(commands, event.key)) return;
    handled(event, () => event.repeat || commands[event.key]());
  }

  onSlotKey(event, index) {
    const actions = {
      ArrowDown: () => this.focusSlot(index + 1),
      ArrowUp: () => this.focusSlot(Math.max(index - 1, 0)),
      Backspace: () => event.repeat || this.takeBack(index),
      Delete: () => event.repeat || this.forget(index),
      Enter: () => event.repeat || this.goOn(index),
    };
    const onSave = index === this.slots.length;
    // Who walked to the button may press it. Who arrived by typing did not ask.
    if (event.key === "Enter" && onSave && !this.arrivedByTyping) return;
    if (Object.hasOwn(actions, event.key)) handled(event, actions[event.key]);
  }

  type(index, key) {
    const slot = this.slots[index];
    if (this.locked) return;
    if (!slot) return this.say("That key was not used: no item is selected.");
    if (key !== "-" && wordsOf(slot, key) === undefined) {
      return this.say(`${key} is not an answer to item ${index + 1}. ${allowed(slot)}`);
    }
    this.setValue(index, key === "-" ? null : key);
    this.focusSlot(index + 1);
  }

  takeBack(index) {
    const here = index < this.slots.length && this.values[index] !== null;
    const target = here ? index : Math.max(index - 1, 0);
    this.forget(target);
    this.focusSlot(target);
  }

  forget(index) {
    if (index < this.slots.length) this.setValue(index, null);
  }

  // Enter stays on an item without an answer; else it goes to the next such item,
  // then to the question outside the total, then to the save button.
  goOn(index) {
    const gaps = this.gaps();
    const gap = gaps.find((candidate) => candidate >= index) ?? gaps[0];
    if (gap !== undefined) return this.focusSlot(gap);
    if (index === this.slots.length) {
      return this.say(`Enter does not save; ${saveKeys()} does.`, { calm: true });
    }
    const open = this.values.indexOf(null);
    this.focusSlot(open > index ? open : this.slots.length);
  }

  onChange(event) {
    const index = this.slotOf(event.target);
    if (index === null) this.say(gapSentence(this.gaps()));
    else this.setValue(index, Number(event.target.value));
  }

  onRowClick(event) {
    const element = event.target.closest(".row");
    if (element && !event.target.closest(".answer")) {
      this.focusSlot(this.rows.indexOf(element));
    }
  }

  onPaste(event) {
    event.preventDefault();
    if (this.isHeld()) return;
    const { values, problem } = parse(event.clipboardData.getData("text"), this.slots);
    if (problem) return this.say(`${problem} Nothing was changed.`);
    this.setValues([...values, ...this.values.slice(values.length)]);
    this.goOn(0);
  }

  // --- focus -------------------------------------------------------------------

  // The row of an element; one more than the last for the save button.
  slotOf(target) {
    if (target === this.part(".save")) return this.slots.length;
    const element = target.closest(".row");
    return element ? this.rows.indexOf(element) : null;
  }

  focusSlot(index) {
    const element = this.rows[index];
    if (!element) {
      this.part(".save").focus({ preventScroll: true });
      this.arrivedByTyping = true;
      return;
    }
    const chosen = element.querySelector("input:checked");
    (chosen ?? element.querySelector("input")).focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  takeFocus(frames = FRAMES_TO_FOCUS) {
    if (this.closed.signal.aborted || this.isInReview()) return;
    this.focusSlot(this.firstOpen());
    if (this.root.activeElement) this.typeAhead();
    else if (frames > 0) requestAnimationFrame(() => this.takeFocus(frames - 1));
  }

  firstOpen() {
    const open = this.gaps()[0] ?? this.values.indexOf(null);
    return open < 0 ? this.slots.length : open;
  }

  typeAhead() {
    for (const key of ahead?.claim(this) ?? []) {
      this.type(this.slotOf(this.root.activeElement), key);
    }
  }

  // --- said back, and to the server ------------------------------------------------

  save() {
    if (this.isHeld()) return;
    const gaps = this.gaps();
    if (gaps.length === 0) return this.sayBack(null);
    const again = this.refused;
    this.refused = true;
    this.showGaps = true;
    this.paint();
    this.say(gapSentence(gaps));
    if (again && this.mayBePartial()) this.part(".choices input").focus();
    else this.focusSlot(gaps[0]);
  }

  savePartial() {
    if (this.isHeld()) return;
    const chosen = this.part(".choices input:checked");
    if (chosen) return this.sayBack(chosen.value);
    this.say("Choose why it is incomplete.");
    this.part(".choices input").focus();
  }

  sayBack(reason) {
    if (!this.data.review) return this.send(reason);
    this.review = { reason, since: performance.now() };
    this.say("");
    this.paint();
    this.part(".review").focus({ preventScroll: true });
  }

  goBack() {
    if (this.locked) return;
    this.review = null;
    this.paint();
    this.focusSlot(this.firstOpen());
  }

  // Two presses in one go confirm nothing: nobody has read by then.
  confirm() {
    const shown = performance.now() - this.review.since;
    if (!this.locked && shown >= READ_FOR_AT_LEAST) this.send(this.review.reason);
  }

  send(partialReason) {
    clearTimeout(this.draftTimer);
    this.draftTimer = null;
    this.locked = true;
    this.sent = true;
    this.keep();
    this.attempt = String(Date.now());
    this.component.setTriggerValue("submitted", {
      ...this.answers(),
      attempt: this.attempt,
      token: this.token,
      partial_reason: partialReason,
    });
    ahead?.end();
    ahead = new TypedAhead(this);
    this.replyTimer = setTimeout(() => this.onNoReply(), GIVE_UP_AFTER);
    this.say("");
    this.paint();
  }

  // The page usually goes on to another form now. If this one is still here a
  // moment later, it may be corrected and sent again, under the same token.
  wasReceived(attempt) {
    if (!this.locked || this.confirmed === attempt || this.attempt !== attempt) return;
    this.confirmed = attempt;
    clearTimeout(this.replyTimer);
    this.replyTimer = setTimeout(() => this.unlock(), SETTLE_AFTER);
  }

  onNoReply() {
    this.unlock();
    this.say(NO_REPLY);
    this.sendDraft();
  }

  unlock() {
    this.locked = false;
    const lost = ahead?.form === this && ahead.end().length > 0;
    this.say(lost ? "Keys typed while saving were not used." : "");
    this.paint();
  }

  // One after the other, each with the answers of its own moment.
  sendDraft() {
    clearTimeout(this.draftTimer);
    this.draftTimer = null;
    if (this.data.draft) this.drafting = this.drafting.then(() => this.postDraft());
  }

  async postDraft() {
    if (this.locked) return;
    const { address, about } = this.data.draft;
    const body = JSON.stringify({ ...about, ...this.answers(), token: this.token });
    const arrived = await post(address, body);
    const closed = this.closed.signal.aborted;
    if (arrived || closed || this.locked || this.draftTimer) return;
    this.draftTimer = setTimeout(() => this.sendDraft(), DRAFT_AGAIN_AFTER);
  }

  onHide() {
    if (document.visibilityState === "hidden" && this.draftTimer) this.sendDraft();
  }

  answers() {
    const outside = this.slots.findIndex((slot) => !slot.scored);
    return {
      record: this.record,
      values: this.scoredValues(),
      functional: outside < 0 ? null : this.values[outside],
    };
  }
}

// Keys pressed from the save of one form until the next takes the focus. Without it a
// fast typist would lose the first digits, and every later one would move up an item.
class TypedAhead {
  constructor(form) {
    this.form = form;
    this.ended = new AbortController();
    const options = { capture: true, signal: this.ended.signal };
    document.addEventListener("keydown", (event) => this.onKey(event), options);
    document.addEventListener("pointerdown", () => this.startAnew(), options);
    this.startAnew();
  }

  // After a decision in between, such as Ctrl+Enter on "Confirm": what was typed
  // before it was not meant for the form that follows.
  startAnew() {
    this.keys = [];
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), GIVE_UP_AFTER);
  }

  onKey(event) {
    if (this.isElsewhere(event.target)) return;
    const command = event.ctrlKey || event.metaKey || event.altKey;
    const key = command ? null : keyOf(event);
    const counts = key !== null || event.key === "Backspace";
    // A key held down is no second key, here or on the button that comes next.
    if (event.repeat && (counts || event.key === "Enter")) handled(event, () => {});
    else if (counts) handled(event, () => this.keep(key));
    else if (!MODIFIERS.has(event.key)) this.startAnew();
  }

  isElsewhere(target) {
    const entry = target.closest("input, textarea, select, [contenteditable]");
    return entry || (target.shadowRoot && target !== this.form.root.host);
  }

  keep(key) {
    if (key === null) this.keys.pop();
    else this.keys.push(key);
  }

  claim(form) {
    return form.record === this.form.record ? [] : this.end();
  }

  end() {
    this.ended.abort();
    clearTimeout(this.timer);
    if (ahead === this) ahead = null;
    return this.keys.splice(0);
  }
}

// What was typed into a record that the page has mounted anew, unless it was saved
// since: the page then names the next attempt by another token. Records that were
// sent are forgotten as soon as another is opened.
function unfinished({ record, token }) {
  for (const [other, { sent }] of kept) {
    if (sent && other !== record) kept.delete(other);
  }
  const before = kept.get(record);
  return before?.sent && before.token !== token ? undefined : before;
}

// Whether it was answered; who refuses would refuse it again. `keepalive`: also while
// the page is being left.
async function post(address, body) {
  const headers = { "Content-Type": "application/json" };
  try {
    const reply = await fetch(address, { method: "POST", headers, body, keepalive: true });
    return reply.status < 500;
  } catch {
    return false;
  }
}

// --- from data to slots ------------------------------------------------------

function slotsOf({ items, answers, functional }) {
  const scored = items.map((text) => ({ text, answers, scored: true }));
  return functional ? [...scored, { ...functional, scored: false }] : scored;
}

function valuesOf({ items, values, functional, functional_value: value }) {
  const scored = values ?? items.map(() => null);
  return functional ? [...scored, value] : scored;
}

function wordsOf(slot, value) {
  return slot.answers.find(([score]) => score === value)?.[1];
}

// --- keys and pasted text ----------------------------------------------------

// The digit or "-" of a key press; null for any other key. `code` finds digits on a
// number pad without Num Lock and on keyboards that want Shift for them.
function keyOf({ key, code, shiftKey }) {
  if (/^[0-9]$/.test(key)) return Number(key);
  if (key === "-") return "-";
  const digit = shiftKey ? null : /^(?:Digit|Numpad)([0-9])$/.exec(code);
  return digit ? Number(digit[1]) : null;
}

function handled(event, action) {
  event.preventDefault();
  event.stopPropagation();
  action();
}

// "221301120", "2 2 1 3 ...", "2,2,-,3" or cells of a spreadsheet; "-" or an
// empty cell is an item without an answer.
function parse(text, slots) {
  const plain = text.replaceAll(/[–—−]/g, "-").replaceAll(/^[ \r\n]+|[ \r\n]+$/g, "");
  const cells = /[,;\t]/.test(plain)
    ? plain.split(/[,;\t]/).map((cell) => cell.trim())
    : [...plain.replaceAll(/\s/g, "")];
  const problem = problemWith(cells, slots);
  if (problem) return { problem };
  return { values: cells.map((cell) => (/[0-9]/.test(cell) ? Number(cell) : null)) };
}

function problemWith(cells, slots) {
  if (!cells.every((cell) => /^[0-9-]?$/.test(cell))) {
    return "The clipboard holds no row of answers, such as 2 2 1 3.";
  }
  const items = slots.filter((slot) => slot.scored).length;
  if (cells.length !== items && cells.length !== slots.length) {
    return `${count(cells.length, "answer")} pasted; this form has ${items} items.`;
  }
  const wrong = cells.findIndex(
    (cell, index) =>
      /[0-9]/.test(cell) && wordsOf(slots[index], Number(cell)) === undefined,
  );
  if (wrong < 0) return null;
  return `${cells[wrong]} is not an answer to item ${wrong + 1}. ${allowed(slots[wrong])}`;
}

// --- words -------------------------------------------------------------------

function keysHelp({ answers, review }) {
  const keys = [
    [ends(answers).join("–"), "answers"],
    ["-", "skips"],
    ["Backspace", "takes back"],
    ["↑ ↓", "move"],
    [saveKeys(), review ? "checks, then saves" : "saves"],
    [`${commandKey()}+V`, "pastes a row of digits"],
  ];
  return keys.map(([key, does]) => make("span", {}, make("kbd", {}, key), ` ${does} `));
}

function saveKeys() {
  return `${commandKey()}+Enter`;
}

function commandKey() {
  return /Mac|iP(ad|hone)/.test(navigator.platform) ? "⌘" : "Ctrl";
}

function allowed({ answers }) {
  const [low, high] = ends(answers);
  return `It takes ${low} to ${high}.`;
}

function ends(answers) {
  const scores = answers.map(([score]) => score);
  return [Math.min(...scores), Math.max(...scores)];
}

function gapSentence(gaps) {
  const [noun, verb] = gaps.length === 1 ? ["Item", "has"] : ["Items", "have"];
  return `${noun} ${listed(gaps)} ${verb} no answer.`;
}

// [2, 6, 7, 8, 9] -> "3 and 7 to 10"
function listed(indices) {
  const runs = [];
  for (const number of indices.map((index) => index + 1)) {
    const run = runs.at(-1);
    if (run?.at(-1) === number - 1) run.push(number);
    else runs.push([number]);
  }
  const names = runs.flatMap((run) =>
    run.length > 2 ? [`${run[0]} to ${run.at(-1)}`] : run.map(String),
  );
  return new Intl.ListFormat("en-GB").format(names);
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function lowerFirst(words) {
  return words[0].toLowerCase() + words.slice(1);
}

// --- elements; text is only ever set as text -----------------------------------

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function scale(answers) {
  const columns = answers.map(([, words]) => make("span", {}, words));
  return make("div", { class: "answers" }, ...columns);
}

function row(slot, index) {
  const id = `item-${index + 1}`;
  const legend = make(
    "legend",
    { id },
    make("span", { class: "number" }, `${index + 1}.`),
    " ",
    make("span", {}, slot.text),
  );
  const answers = slot.answers.map(([score, words]) => answer(index, score, words));
  return make(
    "fieldset",
    {
      class: slot.scored ? "row" : "row functional",
      role: "radiogroup",
      "aria-labelledby": id,
      "aria-describedby": `${id}-note`,
      "aria-required": slot.scored,
    },
    legend,
    make("div", { class: "answers" }, ...answers),
    make("span", { class: "chosen", "aria-hidden": true, id: `${id}-note` }),
  );
}

function answer(index, score, words) {
  return make(
    "label",
    { class: "answer" },
    make("input", { type: "radio", name: `item-${index + 1}`, value: score }),
    make("span", { class: "score" }, String(score)),
    " ",
    make("span", { class: "words" }, words),
  );
}

function reason([code, words]) {
  return make(
    "label",
    { class: "reason" },
    make("input", { type: "radio", name: "partial-reason", value: code }),
    make("span", {}, words),
  );
}

// --- colours -----------------------------------------------------------------

// The theme's accent, and whichever of black and white is easier to read on it; the
// better of the two never has less than 4.5:1. Both fall back to the text colours.
function accentColours(section) {
  const probe = make("span", {});
  probe.style.color = "var(--st-primary-color)";
  section.append(probe);
  const accent = getComputedStyle(probe).color;
  probe.remove();
  const channels = /^rgba?\((\d+), (\d+), (\d+)/.exec(accent)?.slice(1).map(Number);
  if (!channels) {
    return { accent: "var(--st-text-color)", onAccent: "var(--st-background-color)" };
  }
  const light = luminance(channels);
  return { accent, onAccent: 1.05 / (light + 0.05) > (light + 0.05) / 0.05 ? "#fff" : "#000" };
}

// Relative luminance of an sRGB colour, WCAG 2.2.
function luminance(channels) {
  const [red, green, blue] = channels.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
