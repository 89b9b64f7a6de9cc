package dev.tally.streams.query;

/**
 * Closed billing intervals of one partition of the accounts stage that wait for the record of their plan.
 *
 * @param count number of them, counted up to 100,000
 */
public record WaitingIntervals(int partition, long count) {}
