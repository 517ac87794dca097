import { memo } from "react";
import { type Storyboard, thumbAt } from "../player/storyboard";
import classes from "./Timeline.module.css";

type Props = {
  durationS: number;
  cells: number;
  storyboard: Storyboard | undefined;
};

const MOST_CELLS = 200;
const HEIGHT = 56;

/** The film in small pictures. */
export const Strip = memo(
  ({ durationS, cells, storyboard }: Props) => {
    const count = Math.max(1, Math.min(cells, MOST_CELLS));
    return (
      <div className={classes.strip}>
        {Array.from({ length: count }, (_, index) => ((index + 0.5) / count) * durationS).map((moment) => {
          const thumb = storyboard && thumbAt(storyboard.thumbs, moment);
          const sheet = thumb && storyboard.sheets[thumb.sheet];
          return (
            <div key={moment} className={classes.cell}>
              {thumb !== undefined && sheet !== undefined && (
                <div
                  className={classes.picture}
                  style={{
                    width: thumb.width,
                    height: thumb.height,
                    backgroundImage: `url("${sheet}")`,
                    backgroundPosition: `-${thumb.x}px -${thumb.y}px`,
                    scale: String(Math.max(1, HEIGHT / thumb.height)),
                  }}
                />
              )}
            </div>
          );
        })}
      </div>
    );
  },
  (one, other) =>
    one.cells === other.cells && one.storyboard === other.storyboard && one.durationS === other.durationS,
);
