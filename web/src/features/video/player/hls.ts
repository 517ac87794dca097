/** Playing HLS with hls.js. Imported only where a stream is played. */

import Hls, { type HlsConfig, type Loader, type LoaderContext } from "hls.js";
import worker from "hls.js/dist/hls.worker.js?url";
import type { FreshAddress } from "./address";

export type Level = { index: number; height: number; bitsPerSecond: number };
export type Track = { index: number; label: string };

export type Stream = {
  /** -1: as the network allows. */
  choose(level: number): void;
  /** -1: none. */
  caption(track: number): void;
  close(): void;
};

export type Told = {
  levels(levels: Level[]): void;
  level(index: number): void;
  tracks(tracks: Track[]): void;
  /** It will not play. */
  fatal(reason: string): void;
};

const REFUSED = new Set([401, 403, 410]);
/** So often in a row it is tried to go on after a fault. */
const TRIES = 3;

export function playable(): boolean {
  return Hls.isSupported();
}

export function open(film: HTMLVideoElement, url: string, fresh: FreshAddress, told: Told): Stream {
  const hls = new Hls({
    workerPath: worker,
    loader: freshLoader(fresh),
    capLevelToPlayerSize: true,
    backBufferLength: 60,
    // Small films would otherwise be read ten minutes ahead, which who looks around never sees.
    maxMaxBufferLength: 30,
    subtitlePreference: { default: true },
  });
  let tries = 0;
  hls.subtitleDisplay = false;
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    told.levels(hls.levels.map(({ height, bitrate }, index) => ({ index, height, bitsPerSecond: bitrate })));
  });
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => told.level(level));
  hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_, { subtitleTracks }) => {
    told.tracks(
      subtitleTracks.map(({ name, lang }, index) => ({ index, label: name || lang || "Captions" })),
    );
  });
  hls.on(Hls.Events.FRAG_BUFFERED, () => {
    tries = 0;
  });
  hls.on(Hls.Events.ERROR, (_, { fatal, type, details, response }) => {
    const refused = REFUSED.has(response?.code ?? 0);
    if (refused) void fresh.renew();
    if (!fatal) return;
    tries += 1;
    if (tries > TRIES) told.fatal(details);
    else if (type === Hls.ErrorTypes.NETWORK_ERROR && hls.levels.length > 0)
      void (refused ? fresh.renew() : Promise.resolve()).then(() => hls.startLoad());
    else if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else told.fatal(details);
  });
  hls.attachMedia(film);
  hls.loadSource(url);
  return {
    choose: (level) => {
      hls.nextLevel = level;
    },
    caption: (track) => {
      hls.subtitleTrack = track;
      hls.subtitleDisplay = track >= 0;
    },
    close: () => hls.destroy(),
  };
}

/** A loader that asks with the newest token, whatever the playlist was read with. */
function freshLoader(fresh: FreshAddress): HlsConfig["loader"] {
  const Plain: new (config: HlsConfig) => Loader<LoaderContext> = Hls.DefaultConfig.loader;
  return class extends Plain {
    override load(...[context, config, callbacks]: Parameters<Loader<LoaderContext>["load"]>): void {
      context.url = fresh.current(context.url);
      super.load(context, config, callbacks);
    }
  };
}
