package dev.tally.streams.state.ids;

/** A cursor over ids in ascending unsigned order. */
interface SortedIds {

    boolean atEnd();

    /** The upper half of the id the cursor stands at. */
    long hi();

    /** The lower half of the id the cursor stands at. */
    long lo();

    void next();
}
