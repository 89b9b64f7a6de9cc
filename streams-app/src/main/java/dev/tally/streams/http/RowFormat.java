package dev.tally.streams.http;

import dev.tally.streams.export.ActionRow;
import dev.tally.streams.export.Place;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** How rows of an export are written. */
enum RowFormat {

    /** One JSON object per line. */
    NDJSON("application/x-ndjson", "ndjson", true) {
        @Override
        Writer writer(OutputStream out, List<String> meters) throws IOException {
            return new NdjsonRows(out);
        }
    },
    /** RFC 4180. */
    CSV("text/csv; charset=utf-8; header=present", "csv", false) {
        @Override
        Writer writer(OutputStream out, List<String> meters) throws IOException {
            return new CsvRows(out, meters);
        }
    };

    private final String mediaType;
    private final String extension;
    private final boolean saysThatItIsWhole;

    RowFormat(String mediaType, String extension, boolean saysThatItIsWhole) {
        this.mediaType = mediaType;
        this.extension = extension;
        this.saysThatItIsWhole = saysThatItIsWhole;
    }

    String mediaType() {
        return mediaType;
    }

    /** Of a file's name; also what callers ask for. */
    String extension() {
        return extension;
    }

    /** Whether what is written ends with a line that says so; else only the connection tells a part from the whole. */
    boolean saysThatItIsWhole() {
        return saysThatItIsWhole;
    }

    /**
     * A writer of a whole export.
     *
     * @param meters the meters of the catalogue
     */
    abstract Writer writer(OutputStream out, List<String> meters) throws IOException;

    /** Writes rows one after the other. */
    interface Writer {

        void row(ActionRow row) throws IOException;

        /** All up to here has been written. */
        void progress(Place place) throws IOException;

        /** All has been written. */
        void complete(long rows, String until, long behind) throws IOException;

        /** Hands on what has been written. */
        void flush() throws IOException;
    }
}
