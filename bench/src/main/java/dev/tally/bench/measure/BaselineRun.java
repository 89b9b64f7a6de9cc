package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tally.bench.report.Figures;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.ChildProcess;
import dev.tally.bench.variant.BareConsumer;
import dev.tally.bench.variant.DslCount;
import dev.tally.bench.variant.Findings;
import dev.tally.bench.workload.Expected;
import dev.tally.bench.workload.Sum;
import dev.tally.cli.AppClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** One run of a baseline, in a fresh process. */
final class BaselineRun {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PAUSE_NANOS = 2_000_000;

    private final Bed bed;
    private final Variant variant;
    private final String name;
    private final int port = BenchStack.freePort();

    BaselineRun(Bed bed, Variant variant, String name) {
        this.bed = bed;
        this.variant = variant;
        this.name = name;
    }

    Figures run() {
        return variant == Variant.A ? bare() : dsl();
    }

    private Figures bare() {
        ChildProcess app = start(
                BareConsumer.class, Long.toString(bed.workload().spec().end().toEpochMilli()));
        try {
            await(app, Findings.COUNTING);
            double brokerBegun = bed.stack().broker().usage().cpuSeconds();
            await(app, Findings.DONE);
            double brokerCpu = bed.stack().broker().usage().cpuSeconds() - brokerBegun;
            app.collectGarbage();
            Findings found = findings();
            Expected expected = bed.expected();
            WrongSums.require(name, "user day counts", expected.everyUser(), found.users());
            WrongSums.require(name, "org day counts", expected.everyOrg(), found.orgs());
            return new Timing(found.records(), found.seconds(), found.cpuSeconds(), brokerCpu)
                    .with(0, found.heapBytes(), app.usage().maxResidentBytes(), 0);
        } finally {
            bed.stack().end(app);
        }
    }

    private Figures dsl() {
        bed.cluster().reset();
        Path state = bed.stack().stateFolder(name);
        long bytesBefore = bed.cluster().bytes();
        ChildProcess app = start(
                DslCount.class,
                name,
                state.toString(),
                Integer.toString(bed.schemaId()),
                Boolean.toString(variant == Variant.D));
        try (GroupProgress progress =
                new GroupProgress(bed.cluster().admin(), bed.stack().bootstrapServers(), name)) {
            String actions = bed.cluster().topics().actions();
            String repartition = name + "-" + DslCount.REPARTITION;
            Timing timing = new GroupClock(app, bed.stack().broker(), progress)
                    .time(List.of(actions, repartition), bed.warmUp(), bed.records());
            double bytes = (double) (bed.cluster().bytes() - bytesBefore) / bed.records();
            app.collectGarbage();
            Findings found = findings();
            boolean unique = variant == Variant.D;
            WrongSums.require(name, "user day counts", users(unique), found.users());
            WrongSums.require(name, "org day counts", orgs(unique), found.orgs());
            return timing.with(bytes, found.heapBytes(), app.usage().maxResidentBytes(), BenchStack.diskBytes(state));
        } finally {
            bed.stack().end(app);
            BenchStack.delete(state);
        }
    }

    private Sum users(boolean unique) {
        Expected expected = bed.expected();
        return unique ? expected.users().getOrDefault("actions", Sum.NONE) : expected.everyUser();
    }

    private Sum orgs(boolean unique) {
        Expected expected = bed.expected();
        return unique ? expected.orgs().getOrDefault("actions", Sum.NONE) : expected.everyOrg();
    }

    private ChildProcess start(Class<?> main, String... more) {
        List<String> command = new ArrayList<>(List.of(
                main.getName(),
                bed.stack().bootstrapServers(),
                bed.cluster().topics().actions(),
                Integer.toString(port)));
        command.addAll(List.of(more));
        // Avro reads into classes only of packages it is told to trust.
        return bed.stack()
                .measured(name, List.of("-Dorg.apache.avro.SERIALIZABLE_PACKAGES=dev.tally.schemas"), command);
    }

    private AppClient client() {
        return new AppClient("http://127.0.0.1:" + port);
    }

    private void await(ChildProcess app, String phase) {
        AppClient client = client();
        while (!client.get("/phase")
                .map(AppClient.Reply::body)
                .map(JsonNode::asText)
                .filter(now -> now.equals(phase) || now.equals(Findings.DONE))
                .isPresent()) {
            app.requireAlive();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private Findings findings() {
        return client().get("/findings")
                .map(reply -> JSON.convertValue(reply.body(), Findings.class))
                .orElseThrow(() -> new IllegalStateException(name + " does not say what it found"));
    }
}
