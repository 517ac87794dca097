import { Link } from "@tanstack/react-router";
import { memo, useRef } from "react";
import type { JobView, PicturesView, VideoView } from "@/shared/api";
import { bytes, day, moment } from "@/shared/format";
import classes from "./list.module.css";
import { lengthOf, sizeOf } from "./media";
import { Poster } from "./Poster";
import { Status } from "./Status";
import { type Rows, useSight } from "./useSight";
import type { ListProps } from "./VideoGrid";

/** Videos as rows. */
export function VideoTable({ videos, total, pictures, work, selected, onSelect }: ListProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const { first, last, above, below } = useSight(videos.length, body, tableRows);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={classes.scroll} tabIndex={0} aria-label="Table of videos">
      <table className={classes.table} aria-label="Videos" aria-rowcount={total < 0 ? total : total + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" aria-label="Selected" />
            <th scope="col" aria-label="Picture" />
            <th scope="col">Title</th>
            <th scope="col">Status</th>
            <th scope="col">Length</th>
            <th scope="col">Picture</th>
            <th scope="col">Recorded</th>
            <th scope="col">Uploaded</th>
            <th scope="col">Stored</th>
          </tr>
        </thead>
        <tbody ref={body}>
          <Gap height={above} />
          {videos.slice(first, last).map((video, index) => (
            <Row
              key={video.id}
              video={video}
              place={first + index + 2}
              pictures={pictures.get(video.id)}
              job={work.get(video.id)}
              selected={selected.has(video.id)}
              onSelect={onSelect}
            />
          ))}
          <Gap height={below} />
        </tbody>
      </table>
    </section>
  );
}

function tableRows(body: HTMLElement): Rows {
  const row = body.querySelector(`.${classes.row}`);
  return { columns: 1, height: row?.getBoundingClientRect().height ?? 0 };
}

/** Where rows are that are not drawn. */
function Gap({ height }: { height: number }) {
  if (height === 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={9} style={{ height, padding: 0 }} />
    </tr>
  );
}

type RowProps = {
  video: VideoView;
  place: number;
  pictures: PicturesView | undefined;
  job: JobView | undefined;
  selected: boolean;
  onSelect: ListProps["onSelect"];
};

const Row = memo(function Row({ video, place, pictures, job, selected, onSelect }: RowProps) {
  return (
    <tr className={classes.row} data-selected={selected || undefined} aria-rowindex={place}>
      <td>
        <input
          type="checkbox"
          aria-label={`Select ${video.title}`}
          checked={selected}
          onChange={(event) => onSelect(video.id, (event.nativeEvent as MouseEvent).shiftKey)}
        />
      </td>
      <td>
        <Poster pictures={pictures} />
      </td>
      <td>
        <Link
          to="/videos/$videoId"
          params={{ videoId: video.id }}
          className={classes.title}
          title={video.title}
        >
          {video.title}
        </Link>
      </td>
      <td>
        <Status video={video} job={job} />
      </td>
      <td>{lengthOf(video)}</td>
      <td>{sizeOf(video)}</td>
      <td>
        {video.recorded_at && (
          <time dateTime={video.recorded_at} title={moment(video.recorded_at)}>
            {day(video.recorded_at)}
          </time>
        )}
      </td>
      <td>
        <time dateTime={video.created_at} title={moment(video.created_at)}>
          {day(video.created_at)}
        </time>
      </td>
      <td>{bytes(video.stored_bytes)}</td>
    </tr>
  );
});
