package dev.tally.schemas.topics;

import dev.tally.settings.CommonSettings;
import dev.tally.settings.SettingsException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * What an installation is: made at random by whichever process starts first, then the same for ever, in topic {@code tally-meta}.
 *
 * <p>Processes may race for the first start: each appends what it misses, and for every key the record with the lowest offset
 * holds, so all of them end with the same answer.
 *
 * @param id 16 hex digits; part of every identifier sent to Stripe
 * @param actionsPartitions number of partitions the intake began with
 * @param subjectPartitions number of partitions the accounts began with
 * @param identityKey 16 secret bytes that key the hash of event identities
 * @param resets how many times its state was given up, to be made again from its input
 */
@SuppressWarnings("ArrayRecordComponent") // copied on the way in and out, and equality is by content
public record Installation(String id, int actionsPartitions, int subjectPartitions, byte[] identityKey, int resets) {

    private static final String ID = "installation.id";
    private static final String IDENTITY_KEY = "identity.key";
    private static final String RESET = "reset.";
    private static final String TO_BE_TOLD = "to be told";
    private static final String TOLD = "told.";

    public Installation {
        identityKey = identityKey.clone();
    }

    @Override
    public byte[] identityKey() {
        return identityKey.clone();
    }

    /**
     * Reads the installation, or makes it at first start (the topic too, if it is missing).
     *
     * @param clientConfig settings for Kafka clients, with {@code bootstrap.servers}
     * @throws SettingsException when the partition counts differ from the first start's
     * @throws KafkaException when the broker cannot be reached or refuses; a retriable one may be tried again
     */
    public static Installation openOrCreate(
            Map<String, Object> clientConfig, Topics topics, int actionsPartitions, int subjectPartitions) {
        try (Admin admin = Admin.create(clientConfig)) {
            new TopicAdmin(admin).apply(List.of(topics.metaSpec()), (short) -1);
        }
        Map<String, String> found = read(clientConfig, topics.meta());
        Map<String, String> fresh = fresh(actionsPartitions, subjectPartitions);
        fresh.keySet().removeAll(found.keySet());
        if (!fresh.isEmpty()) {
            write(clientConfig, topics.meta(), fresh);
            found = read(clientConfig, topics.meta());
        }
        return checked(found, actionsPartitions, subjectPartitions);
    }

    /**
     * Notes that the state of the installation is given up. State on the disks of instances that was kept before is not used again.
     *
     * @param clientConfig settings for Kafka clients, with {@code bootstrap.servers}
     * @throws KafkaException when the broker cannot be reached or refuses
     */
    public static void noteReset(Map<String, Object> clientConfig, Topics topics) {
        int before = resets(read(clientConfig, topics.meta()));
        write(clientConfig, topics.meta(), Map.of(RESET + (before + 1), TO_BE_TOLD));
    }

    /**
     * Whether state that was given up has to be told first what was said before it was. The brokers' list of topics does not show it: each
     * broker has those that were deleted for a moment longer.
     *
     * @param resets how many times state was given up
     * @throws KafkaException when the broker cannot be reached
     */
    public static boolean isToBeTold(Map<String, Object> clientConfig, Topics topics, int resets) {
        Map<String, String> found = read(clientConfig, topics.meta());
        return TO_BE_TOLD.equals(found.get(RESET + resets)) && !found.containsKey(TOLD + resets);
    }

    /**
     * Notes that it was told.
     *
     * @param resets how many times state was given up
     * @throws KafkaException when the broker cannot be reached or refuses
     */
    public static void noteTold(Map<String, Object> clientConfig, Topics topics, int resets) {
        write(clientConfig, topics.meta(), Map.of(TOLD + resets, "told"));
    }

    private static int resets(Map<String, String> found) {
        return (int)
                found.keySet().stream().filter(key -> key.startsWith(RESET)).count();
    }

    /** @throws SettingsException naming the runbook when a partition count differs */
    static Installation checked(Map<String, String> found, int actionsPartitions, int subjectPartitions) {
        Installation installation = new Installation(
                required(found, ID),
                Integer.parseInt(required(found, CommonSettings.ACTIONS_PARTITIONS)),
                Integer.parseInt(required(found, CommonSettings.SUBJECT_PARTITIONS)),
                HexFormat.of().parseHex(required(found, IDENTITY_KEY)),
                resets(found));
        List<String> problems = new ArrayList<>();
        compare(CommonSettings.ACTIONS_PARTITIONS, installation.actionsPartitions, actionsPartitions, problems);
        compare(CommonSettings.SUBJECT_PARTITIONS, installation.subjectPartitions, subjectPartitions, problems);
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
        return installation;
    }

    private static void compare(String key, int recorded, int asked, List<String> problems) {
        if (recorded != asked) {
            problems.add(key + " is " + asked + ", but this installation began with " + recorded
                    + " and counts by it; how to change it is told in docs/operations.md");
        }
    }

    private static String required(Map<String, String> found, String key) {
        String value = found.get(key);
        if (value == null) {
            throw new IllegalStateException("topic tally-meta has no record " + key + " although it was just written");
        }
        return value;
    }

    private static Map<String, String> fresh(int actionsPartitions, int subjectPartitions) {
        SecureRandom random = new SecureRandom();
        byte[] id = new byte[8];
        byte[] key = new byte[16];
        random.nextBytes(id);
        random.nextBytes(key);
        Map<String, String> fresh = new LinkedHashMap<>();
        fresh.put(ID, HexFormat.of().formatHex(id));
        fresh.put(CommonSettings.ACTIONS_PARTITIONS, Integer.toString(actionsPartitions));
        fresh.put(CommonSettings.SUBJECT_PARTITIONS, Integer.toString(subjectPartitions));
        fresh.put(IDENTITY_KEY, HexFormat.of().formatHex(key));
        return fresh;
    }

    private static Map<String, String> read(Map<String, Object> clientConfig, String topic) {
        Map<String, String> found = new HashMap<>();
        new TopicReader(clientConfig).readAll(topic, record -> {
            if (record.key() != null && record.value() != null) {
                found.putIfAbsent(text(record.key()), text(record.value()));
            }
        });
        return found;
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static void write(Map<String, Object> clientConfig, String topic, Map<String, String> records) {
        Map<String, Object> config = new HashMap<>(clientConfig);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        try (Producer<String, String> producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            records.forEach((key, value) -> sent.add(producer.send(new ProducerRecord<>(topic, 0, key, value))));
            for (Future<RecordMetadata> one : sent) {
                one.get();
            }
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Installation that
                && id.equals(that.id)
                && actionsPartitions == that.actionsPartitions
                && subjectPartitions == that.subjectPartitions
                && resets == that.resets
                && Arrays.equals(identityKey, that.identityKey);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    /** Without the identity key, which is secret. */
    @Override
    public String toString() {
        return "Installation[id=" + id + ", actionsPartitions=" + actionsPartitions + ", subjectPartitions="
                + subjectPartitions + ", resets=" + resets + "]";
    }
}
