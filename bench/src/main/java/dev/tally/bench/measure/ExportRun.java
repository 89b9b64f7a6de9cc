package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tally.bench.report.Latency;
import dev.tally.bench.workload.BenchAction;
import dev.tally.bench.workload.BenchCatalogue;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/**
 * An audit export of very many rows: all actions are of one org, of many users, and all of them are asked for over HTTP at once. Each row
 * must be there once, and the last line must say that it is whole.
 */
public final class ExportRun {

    /** None of a workload's. */
    private static final int ORG = 99_999;

    private static final int PROGRESS_ROWS = 1_000_000;
    private static final double MEGABYTE = 1_048_576;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final RunSite site;

    /** A run at a site. */
    public ExportRun(RunSite site) {
        this.site = site;
    }

    /** Publishes so many actions, waits until they are counted, and exports them. */
    public Map<String, Map<String, Latency>> run(int actions) {
        Bed bed = site.bed();
        bed.apply(BenchCatalogue.core());
        site.say().accept("publishing %,d actions of one org ...".formatted(actions));
        LocalDate day = publish(bed, actions);
        String name = "bench-export";
        try (TallyApp app = TallyApp.start(site, name);
                GroupProgress progress =
                        new GroupProgress(site.cluster().admin(), site.stack().bootstrapServers(), name)) {
            app.awaitReady();
            site.say().accept("counting ...");
            GroupClock clock = new GroupClock(app.process(), site.stack().broker(), progress);
            clock.awaitEnd(site.cluster().topics().actions());
            clock.awaitEnd(site.cluster().topics().actionsHome());
            site.say().accept("exporting ...");
            app.process().collectGarbage();
            long before = app.heapBytes();
            long begun = System.nanoTime();
            export(app, day, actions);
            double seconds = (System.nanoTime() - begun) / 1e9;
            app.process().collectGarbage();
            return Map.of(
                    "%,d rows in %.0f s, %,.0f rows/s; heap %.0f MB before, %.0f after, %.0f MB resident at most"
                            .formatted(
                                    actions,
                                    seconds,
                                    actions / seconds,
                                    before / MEGABYTE,
                                    app.heapBytes() / MEGABYTE,
                                    app.process().usage().maxResidentBytes() / MEGABYTE),
                    Map.of("export", Latency.of(List.of((long) (seconds * 1e9)), 0)));
        }
    }

    private LocalDate publish(Bed bed, int actions) {
        int users = site.workload().spec().users();
        long at = System.currentTimeMillis();
        bed.publish(actions, i -> new BenchAction(i + 1, false, i % users, ORG, 0, 0, 0, 0, at, 1, 100, 20));
        return LocalDate.ofEpochDay(Math.floorDiv(at, BenchAction.DAY_MILLIS));
    }

    private void export(TallyApp app, LocalDate day, int actions) {
        URI uri = URI.create("%s/v1/orgs/%s/actions?from=%s&to=%s"
                .formatted(app.address(), BenchAction.orgId(ORG), day, LocalDate.now(ZoneOffset.UTC)));
        long rows = 0;
        Place last = new Place(-1, -1);
        String line = "";
        try (InputStream body = uri.toURL().openStream();
                BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            for (String next = lines.readLine(); next != null; next = lines.readLine()) {
                line = next;
                if (line.startsWith("{\"partition\"")) {
                    last = Place.of(line).after(last);
                    rows++;
                    if (rows % PROGRESS_ROWS == 0) {
                        site.say().accept("%,d rows".formatted(rows));
                    }
                }
            }
            JsonNode end = JSON.readTree(line);
            WrongSums.require(app.address(), "rows of the export", (long) actions, rows);
            WrongSums.require(
                    app.address(), "whole", "true", end.path("complete").asText());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of a row in {@code actions}. Rows come partition after partition, each by offset, so that none is there twice where this rises. */
    private record Place(int partition, long offset) {

        static Place of(String row) {
            int partition = row.indexOf(':') + 1;
            int offset = row.indexOf(':', partition) + 1;
            return new Place(
                    Integer.parseInt(row, partition, row.indexOf(',', partition), 10),
                    Long.parseLong(row, offset, row.indexOf(',', offset), 10));
        }

        Place after(Place before) {
            if (partition < before.partition || (partition == before.partition && offset <= before.offset)) {
                throw new IllegalStateException(this + " comes after " + before);
            }
            return this;
        }
    }
}
