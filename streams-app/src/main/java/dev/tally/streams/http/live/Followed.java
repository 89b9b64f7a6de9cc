package dev.tally.streams.http.live;

import dev.tally.keys.Subject;

/** What a stream follows: a subject's usage of a meter in the day window of now. */
public record Followed(Subject subject, String meter) {}
