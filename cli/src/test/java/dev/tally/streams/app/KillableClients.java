package dev.tally.streams.app;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Map;
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
 * Kafka clients that are cut off at the first call after their owner died: nothing that they hold is sent, no transaction is ended, and
 * the group is not told.
 */
public final class KillableClients implements KafkaClientSupplier, Configurable {

    /** Setting with the name of the {@link KillableApp} that the clients belong to. */
    static final String OWNER = "killable.owner";

    private String owner = "";

    @Override
    public void configure(Map<String, ?> configs) {
        owner = String.valueOf(configs.get(OWNER));
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
        Admin admin = Admin.create(config);
        return killable(Admin.class, admin, () -> admin.close(Duration.ZERO));
    }

    @Override
    @SuppressWarnings("unchecked")
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        Producer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        return killable(Producer.class, producer, () -> producer.close(Duration.ZERO));
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
                () -> consumer.close(CloseOptions.timeout(Duration.ZERO)
                        .withGroupMembershipOperation(GroupMembershipOperation.REMAIN_IN_GROUP)));
    }

    private <T> T killable(Class<T> type, T client, Runnable cut) {
        AtomicBoolean isCut = new AtomicBoolean();
        return type.cast(Proxy.newProxyInstance(
                KillableClients.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    if (KillableApp.isDead(owner)) {
                        if (!isCut.getAndSet(true)) {
                            cut.run();
                        }
                        if (method.getName().equals("close")) {
                            return null;
                        }
                        throw new KillableApp.Killed();
                    }
                    try {
                        return method.invoke(client, arguments);
                    } catch (InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                }));
    }
}
