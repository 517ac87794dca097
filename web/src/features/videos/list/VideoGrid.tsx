import { Link } from "@tanstack/react-router";
import { memo, useRef } from "react";
import type { JobView, PicturesView, VideoView } from "@/shared/api";
import { ago, moment } from "@/shared/format";
import classes from "./list.module.css";
import { lengthOf, sizeOf } from "./media";
import { Poster } from "./Poster";
import { Status } from "./Status";
import { type Rows, useSight } from "./useSight";

export type ListProps = {
  videos: readonly VideoView[];
  /** How many there are; -1 where nobody knows yet. */
  total: number;
  pictures: ReadonlyMap<string, PicturesView>;
  work: ReadonlyMap<string, JobView>;
  selected: ReadonlySet<string>;
  /** `range`: with all between it and the one before. */
  onSelect: (id: string, range: boolean) => void;
};

/** Videos as cards. */
export function VideoGrid({ videos, total, pictures, work, selected, onSelect }: ListProps) {
  const list = useRef<HTMLUListElement>(null);
  const { first, last, above, below } = useSight(videos.length, list, cardRows);
  return (
    <ul
      ref={list}
      className={`${classes.grid} ${selected.size > 0 ? classes.selecting : ""}`}
      style={{ paddingTop: above, paddingBottom: below }}
      aria-label="Videos"
    >
      {videos.slice(first, last).map((video, index) => (
        <Card
          key={video.id}
          video={video}
          place={first + index + 1}
          total={total}
          pictures={pictures.get(video.id)}
          job={work.get(video.id)}
          selected={selected.has(video.id)}
          onSelect={onSelect}
        />
      ))}
    </ul>
  );
}

function cardRows(list: HTMLElement): Rows {
  const { gridTemplateColumns, rowGap } = getComputedStyle(list);
  const card = list.firstElementChild?.getBoundingClientRect().height ?? 0;
  return {
    columns: gridTemplateColumns.split(" ").length,
    height: card > 0 ? card + Number.parseFloat(rowGap) : 0,
  };
}

type CardProps = {
  video: VideoView;
  place: number;
  total: number;
  pictures: PicturesView | undefined;
  job: JobView | undefined;
  selected: boolean;
  onSelect: ListProps["onSelect"];
};

const Card = memo(function Card({ video, place, total, pictures, job, selected, onSelect }: CardProps) {
  const length = lengthOf(video);
  return (
    <li
      className={classes.card}
      data-selected={selected || undefined}
      aria-posinset={place}
      aria-setsize={total}
    >
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
