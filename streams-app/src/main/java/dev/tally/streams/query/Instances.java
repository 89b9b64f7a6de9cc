package dev.tally.streams.query;

import dev.tally.streams.query.Owners.Owner;
import java.time.Duration;

/** The other instances. */
interface Instances {

    /** What came of asking another instance. */
    sealed interface Reply<T> {

        /** Its answer. */
        record Said<T>(Answer<T> answer) implements Reply<T> {}

        /**
         * It did not answer, or not so that it was understood.
         *
         * @param worthRepeating whether a connection broke that had been good before
         */
        record Lost<T>(String why, boolean worthRepeating) implements Reply<T> {}
    }

    /**
     * Asks an instance, which answers by itself or not at all.
     *
     * @param copies whether a copy's answer is wanted where that is all there is
     */
    <T> Reply<T> ask(Owner.At instance, Question<T> question, boolean copies, Duration within);
}
