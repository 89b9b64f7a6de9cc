package dev.tally.streams.http.live;

import java.time.Duration;

/**
 * How often and how long.
 *
 * @param pace at least this lies between two events of a stream; questions about one subject and meter that find nothing new may be asked a
 *     few times as often
 * @param recheck so often it is asked again where no change was noticed: a standby's answer, a lag and an aborted transaction give no notice
 * @param retry so often it is asked again while there is no answer, or one that is stale or behind what was told before
 * @param beat a stream on which nothing else was sent for so long gets a sign of life
 * @param stall a listener that takes longer for one write is dropped
 * @param disbelief for so long an answer that is not stale, but behind what was told before, is not passed on
 * @param lost for so long an answer is waited for before it is asked for again
 */
public record LiveTimes(
        Duration pace,
        Duration recheck,
        Duration retry,
        Duration beat,
        Duration stall,
        Duration disbelief,
        Duration lost) {

    /** As the contract has them, and as suits networks. */
    public static final LiveTimes USUAL = new LiveTimes(
            Duration.ofMillis(100),
            Duration.ofSeconds(5),
            Duration.ofSeconds(1),
            Duration.ofSeconds(15),
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(30));
}
