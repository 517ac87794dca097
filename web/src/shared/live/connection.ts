/** One connection for all that is heard of jobs: a WebSocket, or server-sent events where that cannot be had. */
import type { LiveEvent, LiveStatus, StateEvent } from "./events";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** So often in a row a WebSocket may fail to open before the other way is tried: some proxies carry none. */
const TRIES = 3;
const KINDS = ["state", "progress", "log", "gap"] as const;

type Listener = (event: LiveEvent) => void;

export class LiveConnection {
  #listeners = new Set<Listener>();
  #watchers = new Set<() => void>();
  #logs = new Map<string, number>();
  #status: LiveStatus = "off";
  #cursor: number | undefined;
  #socket: WebSocket | undefined;
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  get status(): LiveStatus {
    return this.#status;
  }

  /** Called with each event; returns what ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called when `status` changes; returns what ends it. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Hear the log of this job too, until what is returned is called. */
  followLog(jobId: string): () => void {
    const readers = this.#logs.get(jobId) ?? 0;
    this.#logs.set(jobId, readers + 1);
    if (readers === 0) this.#say({ type: "subscribe", jobs: [jobId], logs: true });
    return () => {
      const left = (this.#logs.get(jobId) ?? 1) - 1;
      if (left > 0) {
        this.#logs.set(jobId, left);
      } else {
        this.#logs.delete(jobId);
        this.#say({ type: "unsubscribe", jobs: [jobId] });
      }
    };
  }

  start(): void {
    if (this.#status !== "off") return;
    window.addEventListener("online", this.#retry);
    this.#open();
  }

  stop(): void {
    window.removeEventListener("online", this.#retry);
    clearTimeout(this.#timer);
    this.#drop();
    this.#cursor = undefined;
    this.#failures = 0;
    this.#become("off");
  }

  #retry = (): void => {
    if (this.#status === "live") return;
    clearTimeout(this.#timer);
    this.#drop();
    this.#failures = 0;
    this.#open();
  };

  #open(): void {
    this.#become("connecting");
    if (this.#failures >= TRIES && this.#failures % 2 === 1) this.#openSource();
    else this.#openSocket();
  }

  #openSocket(): void {
    const address = new URL("/ws/jobs", window.location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, ["framemill.v1"]);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as LiveEvent | { type: "welcome"; cursor: number };
      if (message.type === "welcome") {
        this.#say({ type: "subscribe", all: true, ...(this.#cursor && { since: this.#cursor }) });
        for (const jobId of this.#logs.keys()) this.#say({ type: "subscribe", jobs: [jobId], logs: true });
        this.#cursor ??= message.cursor;
        this.#opened();
      } else {
        this.#tell(message);
      }
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      this.#lost(code === 4401 || code === 4403);
    };
  }

  #openSource(): void {
    const address = new URL("/api/v1/events", window.location.href);
    if (this.#cursor) address.searchParams.set("since", String(this.#cursor));
    const source = new EventSource(address);
    this.#source = source;
    source.onopen = () => this.#opened();
    source.onerror = () => this.#lost(false);
    for (const kind of KINDS) {
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => {
        const said = JSON.parse(data);
        this.#tell(
          kind === "progress" && said.jobs === undefined ? { type: "progress", jobs: [said] } : said,
        );
      });
    }
  }

  #opened(): void {
    const again = this.#failures > 0;
    this.#failures = 0;
    this.#become("live");
    if (again) this.#tell({ type: "back" });
  }

  #lost(ended: boolean): void {
    this.#drop();
    if (ended) {
      // The session is over; the next request finds that out and asks to sign in.
      this.#tell({ type: "ended" });
      return;
    }
    this.#failures += 1;
    this.#become("waiting");
    const longest = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    // Not all at the same moment after a restart of the server.
    this.#timer = setTimeout(() => this.#open(), longest * (0.5 + Math.random() / 2));
  }

  #drop(): void {
    this.#socket?.close();
    this.#source?.close();
    this.#socket = undefined;
    this.#source = undefined;
  }

  #tell(event: LiveEvent): void {
    if (event.type === "state") this.#cursor = Math.max(this.#cursor ?? 0, (event as StateEvent).id);
    for (const listener of this.#listeners) listener(event);
  }

  #say(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #become(status: LiveStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    for (const watcher of this.#watchers) watcher();
  }
}
