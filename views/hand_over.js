// Hands this browser to the patient: the tablet's session takes the place of the
// clinician's. hand_over.py mounts it.
//
// The page is off the screen before the session changes, and stays so: going back to it
// asks the gate, which knows the tablet by then.

const START = "/kiosk/start";
const TABLET = "/kiosk";
const PATIENCE = 10000; // ms until the server is given up
const FAILED =
  "The tablet could not be handed over. You are still signed in; please try again.";

const tried = new Set(); // Streamlit mounts a component again on every rerun.

export default function mount({ data, parentElement }) {
  if (tried.has(data.code)) return;
  tried.add(data.code);
  const status = parentElement.querySelector("[role=status]");
  status.textContent = "Handing over …";
  handOver(data.code).catch(() => {
    document.body.style.removeProperty("display");
    status.textContent = FAILED;
  });
}

async function handOver(code) {
  const fields = await formFields();
  fields.set("code", code);
  document.body.style.setProperty("display", "none", "important");
  const answer = await request("POST", fields);
  // It leads on to the tablet's page; anything else is a refusal.
  if (answer.type !== "opaqueredirect") throw new Error("refused");
  location.replace(TABLET);
}

// The form of the very page that another tablet would show, with its hidden fields.
async function formFields() {
  const answer = await request("GET");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return new URLSearchParams(new FormData(page.querySelector("form")));
}

function request(method, body) {
  return fetch(START, {
    method,
    body,
    cache: "no-store",
    credentials: "same-origin",
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  });
}
