import { ActionIcon, Loader } from "@mantine/core";
import { useFullscreenElement, useIdle, useMergedRef } from "@mantine/hooks";
import { IconPlayerPlayFilled } from "@tabler/icons-react";
import { useState } from "react";
import type { Form } from "@/shared/api";
import { ProblemNote } from "@/shared/ui";
import { ControlBar } from "./ControlBar";
import { usePlayerKeys } from "./keys";
import classes from "./Player.module.css";
import { SettingsMenu } from "./SettingsMenu";
import type { Storyboard } from "./storyboard";
import { toggle, usePlayback } from "./usePlayback";
import { useStream } from "./useStream";

type Props = {
  videoId: string;
  title: string;
  durationS: number;
  /** Pictures in a second, for steps. */
  rate: number;
  /** Width by height as it is shown, so that nothing moves when the film comes. */
  ratio: number;
  /** What there is to play, the best first. */
  forms: readonly Form[];
  poster?: string;
  storyboard?: Storyboard;
  onFilm?: (film: HTMLVideoElement | null) => void;
};

const IDLE_MS = 2500;

/** Plays a video: the best that there is of it and, where that does not play, the next best. */
export function Player({ videoId, title, durationS, rate, ratio, forms, poster, storyboard, onFilm }: Props) {
  const [film, setFilm] = useState<HTMLVideoElement | null>(null);
  const [frame, setFrame] = useState<HTMLElement | null>(null);
  const filmRef = useMergedRef(setFilm, onFilm);
  const [form, setForm] = useState<Form>(forms[0] ?? "original");
  const playback = usePlayback(film);
  const stream = useStream(film, { videoId, form, durationS }, () => {
    const next = forms[forms.indexOf(form) + 1];
    if (next !== undefined) setForm(next);
    return next !== undefined;
  });
  const full = useFullscreenElement();
  const fullRef = useMergedRef(setFrame, full.ref);
  const fullScreen = () => void full.toggle();
  const captions = () => stream.tracks.length > 0 && stream.show(stream.caption >= 0 ? -1 : 0);
  const still = useIdle(IDLE_MS, { initialState: false });
  usePlayerKeys({ film, rate, fullScreen, captions });
  const idle = still && !playback.paused;

  return (
    <figure
      ref={fullRef}
      className={`${classes.player} ${idle ? classes.idle : ""}`}
      style={full.fullscreen ? undefined : { aspectRatio: String(ratio) }}
      aria-label={`Player: ${title}`}
    >
      {/* biome-ignore lint/a11y/useMediaCaption: the stream brings its own tracks */}
      <video
        ref={filmRef}
        className={classes.film}
        poster={poster}
        playsInline
        preload="metadata"
        onClick={() => film !== null && toggle(film)}
        onDoubleClick={fullScreen}
      />
      {stream.problem !== null ? (
        <div className={`${classes.over} ${classes.problem}`}>
          <ProblemNote error={stream.problem} onRetry={() => setForm(forms[0] ?? "original")} />
        </div>
      ) : playback.paused && playback.time === 0 ? (
        <ActionIcon
          className={`${classes.over} ${classes.big}`}
          size={72}
          radius={36}
          aria-label="Play the video"
          onClick={() => film !== null && toggle(film)}
        >
          <IconPlayerPlayFilled size={34} />
        </ActionIcon>
      ) : (
        playback.waiting && (
          <Loader className={classes.over} color="white" role="status" aria-label="Loading" />
        )
      )}
      {film !== null && (
        <ControlBar
          film={film}
          playback={playback}
          storyboard={storyboard}
          captions={{ any: stream.tracks.length > 0, on: stream.caption >= 0, toggle: captions }}
          full={{ on: full.fullscreen, toggle: fullScreen }}
          menu={
            <SettingsMenu
              levels={stream.levels}
              level={stream.level}
              chosen={stream.chosen}
              onLevel={stream.choose}
              rate={playback.rate}
              onRate={(times) => {
                film.playbackRate = times;
              }}
              form={stream.form}
              forms={forms}
              onForm={setForm}
              within={frame}
            />
          }
        />
      )}
    </figure>
  );
}
