import { ActionIcon } from "@mantine/core";
import {
  IconBadgeCc,
  IconBadgeCcFilled,
  IconMaximize,
  IconMinimize,
  IconPictureInPictureOn,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconVolume,
  IconVolumeOff,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { duration as clock } from "@/shared/format";
import classes from "./Player.module.css";
import { ScrubBar } from "./ScrubBar";
import type { Storyboard } from "./storyboard";
import { type Playback, seekTo, toggle } from "./usePlayback";

type Props = {
  film: HTMLVideoElement;
  playback: Playback;
  storyboard: Storyboard | undefined;
  captions: { any: boolean; on: boolean; toggle: () => void };
  full: { on: boolean; toggle: () => void };
  menu: ReactNode;
};

/** What a film is steered with, at its lower edge. */
export function ControlBar({ film, playback, storyboard, captions, full, menu }: Props) {
  const { paused, muted, volume, time, duration } = playback;
  return (
    <div className={classes.bar}>
      <ScrubBar playback={playback} storyboard={storyboard} onSeek={(seconds) => seekTo(film, seconds)} />
      <div className={classes.row}>
        <Press label={paused ? "Play" : "Pause"} onClick={() => toggle(film)}>
          {paused ? <IconPlayerPlayFilled size={20} /> : <IconPlayerPauseFilled size={20} />}
        </Press>
        <Press
          label={muted ? "Sound on" : "Sound off"}
          onClick={() => {
            film.muted = !film.muted;
          }}
        >
          {muted || volume === 0 ? <IconVolumeOff size={20} /> : <IconVolume size={20} />}
        </Press>
        <input
          className={classes.volume}
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={muted ? 0 : volume}
          aria-label="Volume"
          onChange={(event) => {
            film.volume = event.currentTarget.valueAsNumber;
            film.muted = false;
          }}
        />
        <span className={classes.time}>
          {clock(time * 1000)} / {clock(duration * 1000)}
        </span>
        <span className={classes.spacer} />
        {captions.any && (
          <Press label={captions.on ? "Captions off" : "Captions on"} onClick={captions.toggle}>
            {captions.on ? <IconBadgeCcFilled size={20} /> : <IconBadgeCc size={20} />}
          </Press>
        )}
        {menu}
        {document.pictureInPictureEnabled && (
          <Press label="Picture in picture" className={classes.wide} onClick={() => inPicture(film)}>
            <IconPictureInPictureOn size={20} />
          </Press>
        )}
        <Press label={full.on ? "Leave full screen" : "Full screen"} onClick={full.toggle}>
          {full.on ? <IconMinimize size={20} /> : <IconMaximize size={20} />}
        </Press>
      </div>
    </div>
  );
}

type PressProps = { label: string; onClick: () => void; className?: string; children: ReactNode };

function Press({ label, onClick, className, children }: PressProps) {
  return (
    <ActionIcon
      variant="transparent"
      size="lg"
      className={[classes.button, className].filter(Boolean).join(" ")}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      {children}
    </ActionIcon>
  );
}

function inPicture(film: HTMLVideoElement): void {
  const change =
    document.pictureInPictureElement === film
      ? document.exitPictureInPicture()
      : film.requestPictureInPicture();
  // Refused while nothing was loaded yet.
  change.catch(() => undefined);
}
