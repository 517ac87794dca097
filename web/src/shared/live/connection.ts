/** One connection for all that is heard of jobs: a WebSocket, or server-sent events where that cannot be had. */
import type { LiveEvent, LiveStatus, StateEvent } from "./events";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** So often in a row a WebSocket may fail to open before the other way is tried: some proxies carry none. */
const TRIES = 3;
/** So long the other end may take to say that it is there. */
const PATIENCE_MS = 4000;
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
  /** Of jobs whose log is heard, where there is no WebSocket to ask for it. */
  #logSources = new Map<string, EventSource>();
  #doubt: ReturnType<typeof setTimeout> | undefined;
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
    if (readers === 0) this.#hearLog(jobId);
    return () => {
      const left = (this.#logs.get(jobId) ?? 1) - 1;
      if (left > 0) {
        this.#logs.set(jobId, left);
      } else {
        this.#logs.delete(jobId);
        this.#say({ type: "unsubscribe", jobs: [jobId] });
        this.#logSources.get(jobId)?.close();
        this.#logSources.delete(jobId);
      }
    };
  }

  start(): void {
    if (this.#status !== "off") return;
    window.addEventListener("online", this.#retry);
    window.addEventListener("offline", this.#check);
    document.addEventListener("visibilitychange", this.#check);
    this.#open();
  }

  stop(): void {
    window.removeEventListener("online", this.#retry);
    window.removeEventListener("offline", this.#check);
    document.removeEventListener("visibilitychange", this.#check);
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

  /** A network that went away, or a machine that slept, tells nobody that a connection is dead. */
  #check = ({ type }: Event): void => {
    if (this.#status !== "live" || document.visibilityState === "hidden") return;
    if (this.#socket === undefined) {
      // An event source cannot be asked.
      if (type === "offline") this.#lost(false);
      return;
    }
    clearTimeout(this.#doubt);
    this.#doubt = setTimeout(() => this.#lost(false), PATIENCE_MS);
    this.#say({ type: "ping" });
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
      clearTimeout(this.#doubt);
      const message = JSON.parse(String(data)) as LiveEvent | { type: "welcome"; cursor: number };
      if (message.type === "welcome") {
        this.#say({ type: "subscribe", all: true, ...(this.#cursor && { since: this.#cursor }) });
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
    for (const jobId of this.#logs.keys()) this.#hearLog(jobId);
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
    clearTimeout(this.#doubt);
    this.#socket?.close();
    this.#source?.close();
    for (const source of this.#logSources.values()) source.close();
    this.#logSources.clear();
    this.#socket = undefined;
    this.#source = undefined;
  }

  #tell(event: LiveEvent): void {
    if (event.type === "state") this.#cursor = Math.max(this.#cursor ?? 0, (event as StateEvent).id);
    for (const listener of this.#listeners) listener(event);
  }

  #hearLog(jobId: string): void {
    this.#say({ type: "subscribe", jobs: [jobId], logs: true });
    if (this.#source === undefined || this.#logSources.has(jobId)) return;
    const address = new URL(`/api/v1/jobs/${jobId}/events?logs=true`, window.location.href);
    const source = new EventSource(address);
    this.#logSources.set(jobId, source);
    source.addEventListener("log", ({ data }: MessageEvent<string>) => this.#tell(JSON.parse(data)));
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
