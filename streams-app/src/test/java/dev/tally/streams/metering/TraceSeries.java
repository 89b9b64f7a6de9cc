package dev.tally.streams.metering;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/** The real trace, as a series of sums for each subject: actions of one second that lie together are one sum, as after a commit. */
final class TraceSeries {

    static final Path FILE = Path.of(System.getProperty("tally.trace", "../../shared/data/actions-git.ndjson.gz"));

    private TraceSeries() {}

    /**
     * Some actions of a subject.
     *
     * @param arrivedAt in epoch milliseconds: the newest event time so far of the whole trace, whose order is the order of arrival
     * @param at event time, in epoch milliseconds
     */
    record Sum(long arrivedAt, long at, long amount) {}

    static Map<String, List<Sum>> bySubject() throws IOException {
        ObjectReader json = new ObjectMapper().readerFor(JsonNode.class);
        Map<String, List<Sum>> series = new TreeMap<>();
        long now = Long.MIN_VALUE;
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(Files.newInputStream(FILE)), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode action = json.readValue(line);
                if (action.path("readOnly").asBoolean()) {
                    continue;
                }
                long at = Instant.parse(action.path("occurredAt").asText()).toEpochMilli();
                now = Math.max(now, at);
                add(series, "user:" + action.path("userId").asText(), now, at);
                if (action.path("orgId").isTextual()) {
                    add(series, "org:" + action.path("orgId").asText(), now, at);
                }
            }
        }
        return series;
    }

    private static void add(Map<String, List<Sum>> series, String subject, long now, long at) {
        List<Sum> sums = series.computeIfAbsent(subject, s -> new ArrayList<>());
        Sum last = sums.isEmpty() ? new Sum(0, Long.MIN_VALUE, 0) : sums.getLast();
        if (last.at() == at) {
            sums.set(sums.size() - 1, new Sum(last.arrivedAt(), at, last.amount() + 1));
        } else {
            sums.add(new Sum(now, at, 1));
        }
    }
}
