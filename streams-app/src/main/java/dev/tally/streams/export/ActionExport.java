package dev.tally.streams.export;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** An export that is ready to be written, once. */
public interface ActionExport extends AutoCloseable {

    /** The meters of the catalogue. */
    List<String> meters();

    /** Of each partition, the offset of the last record that the export takes into account; a partition without one is not named. */
    Map<Integer, Long> until();

    /** How many records of {@code actions} had been published that were not decided yet, and so are not taken into account; about. */
    long behind();

    /**
     * Gives all rows.
     *
     * @throws IOException where a row cannot be taken
     * @throws RuntimeException where the log cannot be read to the end: what was given is not all
     */
    void writeTo(Rows rows) throws IOException;

    @Override
    void close();

    /** Takes rows. */
    interface Rows {

        void row(ActionRow row) throws IOException;

        /** All up to here has been given. Called every now and then, also where there are no rows. */
        void passed(Place place) throws IOException;
    }
}
