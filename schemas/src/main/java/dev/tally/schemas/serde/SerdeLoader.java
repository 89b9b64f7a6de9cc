package dev.tally.schemas.serde;

import java.util.HashMap;
import java.util.Map;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Serde;

/** Loads the Avro serde that the setting {@code avro.serde.class} names. */
final class SerdeLoader {

    static final String CLASS = "avro.serde.class";

    private SerdeLoader() {}

    /** @throws ConfigException when there is no such class, or it is no serde of GenericRecord */
    static Serde<GenericRecord> load(Map<String, ?> serdeConfig) {
        Object configured = serdeConfig.get(CLASS);
        String name = configured == null ? ConfluentFormatSerde.class.getName() : configured.toString();
        Map<String, Object> configs = new HashMap<>(serdeConfig);
        configs.remove(CLASS);
        Serde<GenericRecord> serde = instantiate(name);
        serde.configure(configs, false);
        return serde;
    }

    // A Serde of something else is found out at its first record; the class object does not tell.
    @SuppressWarnings("unchecked")
    private static Serde<GenericRecord> instantiate(String name) {
        try {
            return (Serde<GenericRecord>) Class.forName(name)
                    .asSubclass(Serde.class)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ClassNotFoundException | NoClassDefFoundError e) {
            throw failure(
                    name,
                    name.startsWith("io.confluent.")
                            ? "is Confluent's and not on the class path; build with the Maven profile confluent (mvn -Pconfluent),"
                                    + " which takes it from Confluent's own repository"
                            : "is not on the class path",
                    e);
        } catch (ClassCastException e) {
            throw failure(name, "is not a " + Serde.class.getName(), e);
        } catch (ReflectiveOperationException e) {
            throw failure(name, "cannot be created; it needs a public constructor without arguments", e);
        }
    }

    private static ConfigException failure(String name, String problem, Throwable cause) {
        ConfigException exception = new ConfigException(CLASS + ": " + name + " " + problem);
        exception.initCause(cause);
        return exception;
    }
}
