/* The frame in a help desk: asks the help desk whose conversation this is, then us for the orders.
   Only the help desk that was set up is listened to; what it says is an address of e-mail, no more.
   Chatwoot: its user guide, "How to use dashboard apps". Zendesk: the messages of its own client. */
"use strict";

(() => {
  const frame = document.querySelector("#frame");
  const orders = document.querySelector("#orders");
  const { vendor, origin, url } = frame.dataset;
  const app = new URLSearchParams(location.search).get("app_guid") || "";
  const proof = frame.dataset.pass || decodeURIComponent(location.hash.slice(1));
  let asked = null;
  let turn = 0;

  const say = (word) => {
    for (const one of document.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== word;
    if (word) orders.replaceChildren();
  };

  const tell = (message) => window.parent.postMessage(message, origin);

  const fetched = async (email) => {
    const answer = await fetch(url, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ pass: proof, email }),
    });
    if (answer.ok) return [await answer.text(), ""];
    return ["", answer.status === 404 ? "refused" : "away"];
  };

  const look = async (email) => {
    if (email === asked) return;
    asked = email;
    const mine = ++turn;
    if (!email) return say("nobody");
    say("waiting");
    const [html, trouble] = await fetched(email).catch(() => ["", "away"]);
    if (mine !== turn) return; // another conversation was opened meanwhile
    if (trouble) asked = null;
    say(trouble);
    orders.innerHTML = html; // our own server's; every text in it is escaped, and no script runs
    grow();
  };

  /* Chatwoot */

  const heardFromChatwoot = (said) => {
    if (said.event !== "appContext" || !said.data) return;
    look(String(said.data.contact?.email || said.data.conversation?.meta?.sender?.email || ""));
  };

  const askChatwoot = () => tell("chatwoot-dashboard-app:fetch-info");

  /* Zendesk */

  const REQUESTER = "ticket.requester.email";

  const toZendesk = (message) => tell(JSON.stringify({ ...message, appGuid: app, instanceGuid: app }));

  const askRequester = () => toZendesk({ id: 1, request: "get", params: [REQUESTER] });

  const heardFromZendesk = (said) => {
    if (said.key === "zaf.app.registered") {
      toZendesk({ key: `iframe.on:${REQUESTER}.changed`, message: { subscriberCount: 1 } });
      askRequester();
    } else if (said.key === `zaf.${REQUESTER}.changed`) {
      askRequester();
    } else if (said.id === 1 && said.result) {
      look(String(said.result[REQUESTER] || ""));
    }
  };

  const grow = () => {
    if (vendor !== "zendesk") return;
    const height = `${Math.min(document.documentElement.scrollHeight, 800)}px`;
    toZendesk({ id: 2, request: "invoke", params: { resize: [{ width: "100%", height }] } });
  };

  const greetZendesk = () => toZendesk({ key: "iframe.handshake", message: { version: "2.0.0" } });

  /* Both */

  const [hear, ask] = vendor === "zendesk" ? [heardFromZendesk, greetZendesk] : [heardFromChatwoot, askChatwoot];

  window.addEventListener("message", (event) => {
    if (event.origin !== origin || event.source !== window.parent) return;
    let said = event.data;
    try {
      if (typeof said === "string") said = JSON.parse(said);
    } catch {
      return;
    }
    if (said && typeof said === "object") hear(said);
  });

  if (window.parent === window) return;
  say("waiting");
  for (const wait of [0, 500, 2000]) setTimeout(() => asked === null && ask(), wait);
})();
