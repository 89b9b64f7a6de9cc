package dev.tally.streams.topology;

import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.streams.state.Engine;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/** The accounts stage, begun with nothing and fed a subject log that is there already, with commits wherever one likes. */
final class LogReplay implements AutoCloseable {

    private final RecordSerdes serdes;
    private final TopologyTestDriver driver;

    /** @param serdes those that the log was written with */
    LogReplay(RecordSerdes serdes, Path stateDir, Engine engine, Instant start) {
        this.serdes = serdes;
        Properties config = Pipeline.config(stateDir);
        driver = new TopologyTestDriver(
                Pipeline.topology(serdes, engine).build(new TopologyConfig(new StreamsConfig(config))), config, start);
    }

    /** What happens after some record of the log. */
    enum Then {
        NOTHING,
        COMMIT,
        RESTART
    }

    /** @param then one for each record */
    void feed(List<TestRecord<byte[], byte[]>> log, List<Then> then) {
        for (int i = 0; i < log.size(); i++) {
            DrivenTask.process(driver, Pipeline.TOPICS.subjectLog(), i, log.get(i));
            switch (then.get(i)) {
                case NOTHING -> {}
                case COMMIT -> DrivenTask.commit(driver);
                case RESTART -> {
                    DrivenTask.commit(driver);
                    DrivenTask.restart(driver);
                }
            }
        }
        DrivenTask.commit(driver);
    }

    /** The whole of what is said once: alerts, admissions, facts, seats; by topic, in order. */
    Map<String, List<String>> said() {
        Map<String, List<String>> said = new LinkedHashMap<>();
        said.put("alerts", texts(Pipeline.TOPICS.quotaAlerts(), QuotaAlert.class));
        said.put("admissions", texts(Pipeline.TOPICS.admissions(), AdmissionDecision.class));
        said.put("facts", texts(Pipeline.TOPICS.billableUsage(), BillableFact.class));
        said.put("seats", texts(Pipeline.TOPICS.seatChanges(), SeatChange.class));
        return said;
    }

    private List<String> texts(String topic, Class<? extends SpecificRecord> type) {
        return read(topic, type).stream().map(TestRecord::toString).toList();
    }

    /** The latest usage of each window, without the limit: that is the one in force at the commit. */
    Map<String, String> usage() {
        Map<String, String> latest = new TreeMap<>();
        for (TestRecord<String, UsageSnapshot> record : read(Pipeline.TOPICS.usage(), UsageSnapshot.class)) {
            UsageSnapshot one = record.value();
            latest.put(record.key(), one.getUsed() + " " + one.getLimitUsed() + " " + one.getAsOf());
        }
        return latest;
    }

    private <T extends SpecificRecord> List<TestRecord<String, T>> read(String topic, Class<T> type) {
        return driver.producedTopicNames().contains(topic)
                ? driver.createOutputTopic(
                                topic, new StringDeserializer(), serdes.of(type).deserializer())
                        .readRecordsToList()
                : List.of();
    }

    @Override
    public void close() {
        driver.close();
    }
}
