package dev.tally.streams.query;

/** Somebody who can answer some questions at once. */
interface Answering {

    /**
     * An answer; {@link Answer.NotReady} where the state is not here.
     *
     * @param copies whether a copy's answer is wanted where that is all there is
     */
    <T> Answer<T> answer(Question<T> question, boolean copies);
}
