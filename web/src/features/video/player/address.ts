/** A signed address of a film, and the newest token in it. What is played keeps its place while tokens change. */

import { type Form, fromHere, type StreamUrlView, videosStreamUrl } from "@/shared/api";

/** So much of a token's life passes before a new one is asked for. */
const SHARE = 0.6;
const LEAST_MS = 500;
const RETRY_MS = 2000;
const MOST_FILE_S = 7 * 24 * 3600;

export type Wanted = { videoId: string; form?: Form; artifact?: string };

export type Address = { url: string; form: Form; artifactId: string | null; lifetimeMs: number };

/** Asks for an address. A file's outlives the watching of it: its token cannot be changed on the way. */
export async function addressOf({ videoId, form, artifact }: Wanted, durationS = 0): Promise<Address> {
  const file = form === "file" || form === "original";
  const lifetime = file ? Math.min(Math.ceil(durationS * 3) + 4 * 3600, MOST_FILE_S) : undefined;
  const { data, response } = await videosStreamUrl({
    path: { video_id: videoId },
    query: { form, artifact, lifetime },
    throwOnError: true,
  });
  return { ...placed(data), lifetimeMs: lifetimeOf(data, response) };
}

function placed({ url, form, artifact_id }: StreamUrlView) {
  return { url: fromHere(url), form, artifactId: artifact_id };
}

/** How long it lasts by the server's own clock: the viewer's may be wrong. */
function lifetimeOf({ expires_at }: StreamUrlView, response: Response): number {
  const said = Date.parse(response.headers.get("date") ?? "");
  return Date.parse(expires_at) - (Number.isNaN(said) ? Date.now() : said);
}

const TOKEN = /\/media\/[^/]+\//;

/** The address with the token of another one; addresses of other places stay. */
export function withTokenOf(address: string, newest: string): string {
  const token = TOKEN.exec(newest)?.[0];
  if (token === undefined || new URL(address).origin !== new URL(newest).origin) return address;
  return address.replace(TOKEN, token);
}

/** Keeps an address fresh until it is stopped. */
export class FreshAddress {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: Promise<void> | undefined;
  #due = 0;
  #stopped = false;
  readonly #wanted: Wanted;
  readonly #renewed: (url: string) => void;
  #url: string;

  constructor(address: Address, wanted: Wanted, renewed: (url: string) => void = () => undefined) {
    this.#url = address.url;
    // A newer stream of the same video would be another film to the player.
    this.#wanted = address.artifactId === null ? wanted : { ...wanted, artifact: address.artifactId };
    this.#renewed = renewed;
    this.#plan(address.lifetimeMs);
    document.addEventListener("visibilitychange", this.#wake);
  }

  /** What to ask for instead of `url` now. */
  current(url: string): string {
    return withTokenOf(url, this.#url);
  }

  /** Asks for a new token at once, for instance because the old one was refused. */
  renew(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#wake);
  }

  async #ask(): Promise<void> {
    try {
      const { url, lifetimeMs } = await addressOf(this.#wanted);
      if (this.#stopped) return;
      this.#url = url;
      this.#plan(lifetimeMs);
      this.#renewed(url);
    } catch {
      if (!this.#stopped) this.#after(RETRY_MS);
    }
  }

  #plan(lifetimeMs: number): void {
    this.#after(Math.max(lifetimeMs * SHARE, LEAST_MS));
  }

  #after(ms: number): void {
    clearTimeout(this.#timer);
    this.#due = Date.now() + ms;
    // Longer waits than this end at once in browsers.
    this.#timer = setTimeout(() => this.renew(), Math.min(ms, 2 ** 31 - 1));
  }

  /** A machine that slept has missed its timer. */
  #wake = (): void => {
    if (document.visibilityState === "visible" && Date.now() >= this.#due) void this.renew();
  };
}
