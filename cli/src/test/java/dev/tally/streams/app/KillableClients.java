package dev.tally.streams.app;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Configurable;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;

/**
 * Kafka clients that are cut off when their owner dies: nothing that they hold is sent, no transaction is ended, and the group is not told.
 * A consumer is cut off by the thread that it belongs to, which closes it when it dies of what it gets from it: closing one calls the
 * rebalance listener, and that waits for other threads of the instance.
 */
public final class KillableClients implements KafkaClientSupplier, Configurable {

    /** Setting with the name of the {@link KillableApp} that the clients belong to. */
    static final String OWNER = "killable.owner";

    /** What concerns a client alone: threads count on it not to fail, also while they come to their end. */
    private static final Set<String> LOCAL = Set.of(
            "assign",
            "assignment",
            "currentLag",
            "groupMetadata",
            "metrics",
            "pause",
            "registerMetricForSubscription",
            "resume",
            "seek",
            "seekToBeginning",
            "unregisterMetricFromSubscription");

    private enum Cut {
        AT_ONCE,
        WHEN_CLOSED
    }

    private String owner = "";

    @Override
    public void configure(Map<String, ?> configs) {
        owner = String.valueOf(configs.get(OWNER));
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
        Admin admin = Admin.create(config);
        return killable(Admin.class, admin, Cut.AT_ONCE, () -> admin.close(Duration.ZERO));
    }

    @Override
    @SuppressWarnings("unchecked")
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        Producer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        return killable(Producer.class, producer, Cut.AT_ONCE, () -> producer.close(Duration.ZERO));
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
        return consumer(config);
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
        return consumer(config);
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
        return consumer(config);
    }

    @SuppressWarnings("unchecked")
    private Consumer<byte[], byte[]> consumer(Map<String, Object> config) {
        Consumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        return killable(
                Consumer.class,
                consumer,
                Cut.WHEN_CLOSED,
                () -> consumer.close(CloseOptions.timeout(Duration.ZERO)
                        .withGroupMembershipOperation(GroupMembershipOperation.REMAIN_IN_GROUP)));
    }

    private <T> T killable(Class<T> type, T client, Cut when, Runnable cut) {
        AtomicBoolean isCut = new AtomicBoolean();
        return type.cast(Proxy.newProxyInstance(
                KillableClients.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    String call = method.getName();
                    if (!KillableApp.isDead(owner) || LOCAL.contains(call)) {
                        return invoke(method, client, arguments);
                    }
                    if ((when == Cut.AT_ONCE || call.equals("close")) && !isCut.getAndSet(true)) {
                        cut.run();
                    }
                    // Who is dead does not leave its group either.
                    if (call.equals("close") || call.equals("unsubscribe")) {
                        return null;
                    }
                    throw new KillableApp.Killed();
                }));
    }

    private static Object invoke(Method method, Object client, Object[] arguments) throws Throwable {
        try {
            return method.invoke(client, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }
}
