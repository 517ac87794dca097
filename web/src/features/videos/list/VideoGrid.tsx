import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { JobView, PicturesView, VideoView } from "@/shared/api";
import { ago, moment } from "@/shared/format";
import classes from "./list.module.css";
import { lengthOf, sizeOf } from "./media";
import { Poster } from "./Poster";
import { Status } from "./Status";

export type ListProps = {
  videos: readonly VideoView[];
  pictures: ReadonlyMap<string, PicturesView>;
  work: ReadonlyMap<string, JobView>;
  selected: ReadonlySet<string>;
  /** `range`: with all between it and the one before. */
  onSelect: (id: string, range: boolean) => void;
};

/** Videos as cards. */
export function VideoGrid({ videos, pictures, work, selected, onSelect }: ListProps) {
  return (
    <ul className={`${classes.grid} ${selected.size > 0 ? classes.selecting : ""}`} aria-label="Videos">
      {videos.map((video) => (
        <Card
          key={video.id}
          video={video}
          pictures={pictures.get(video.id)}
          job={work.get(video.id)}
          selected={selected.has(video.id)}
          onSelect={onSelect}
        />
      ))}
    </ul>
  );
}

type CardProps = {
  video: VideoView;
  pictures: PicturesView | undefined;
  job: JobView | undefined;
  selected: boolean;
  onSelect: ListProps["onSelect"];
};

const Card = memo(function Card({ video, pictures, job, selected, onSelect }: CardProps) {
  const length = lengthOf(video);
  return (
    <li className={classes.card} data-selected={selected || undefined}>
      <div className={classes.frame}>
        <Poster pictures={pictures} />
        {length !== "" && <span className={classes.length}>{length}</span>}
        {job?.state === "running" && (
          <span className={classes.bar}>
            <span style={{ width: `${job.progress}%` }} />
          </span>
        )}
      </div>
      <Link
        to="/videos/$videoId"
        params={{ videoId: video.id }}
        className={classes.title}
        title={video.title}
      >
        {video.title}
      </Link>
      <div className={classes.facts}>
        <Status video={video} job={job} />
        <span>{sizeOf(video)}</span>
        {video.recorded_at === null ? (
          <time dateTime={video.created_at} title={`Uploaded ${moment(video.created_at)}`}>
            {ago(video.created_at)}
          </time>
        ) : (
          <time
            dateTime={video.recorded_at}
            title={`Recorded ${moment(video.recorded_at)}, uploaded ${moment(video.created_at)}`}
          >
            {moment(video.recorded_at)}
          </time>
        )}
      </div>
      <label className={classes.check}>
        <input
          type="checkbox"
          aria-label={`Select ${video.title}`}
          checked={selected}
          onChange={(event) => onSelect(video.id, (event.nativeEvent as MouseEvent).shiftKey)}
        />
      </label>
    </li>
  );
});
