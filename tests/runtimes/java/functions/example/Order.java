package example;

import java.math.BigDecimal;
import java.util.Date;
import java.util.List;
import java.util.Map;

/** An object of the usual kind. */
public class Order {
    public enum State { OPEN, PAID }

    public static class Item {
        public String name;
        public int count = 1;
    }

    public String note;
    private long id;
    private State state;
    private boolean urgent;
    private List<Item> items;
    private Map<String, Item> extras;
    private BigDecimal price;
    private Date placed;
    private String URL;
    private Order parent;

    public long getId() {
        return id;
    }

    public void setId(long id) {
        this.id = id;
    }

    public State getState() {
        return state;
    }

    public void setState(State state) {
        this.state = state;
    }

    public boolean isUrgent() {
        return urgent;
    }

    public void setUrgent(boolean urgent) {
        this.urgent = urgent;
    }

    public List<Item> getItems() {
        return items;
    }

    public void setItems(List<Item> items) {
        this.items = items;
    }

    public Map<String, Item> getExtras() {
        return extras;
    }

    public void setExtras(Map<String, Item> extras) {
        this.extras = extras;
    }

    public BigDecimal getPrice() {
        return price;
    }

    public void setPrice(BigDecimal price) {
        this.price = price;
    }

    public Date getPlaced() {
        return placed;
    }

    public void setPlaced(Date placed) {
        this.placed = placed;
    }

    public String getURL() {
        return URL;
    }

    public void setURL(String URL) {
        this.URL = URL;
    }

    public Order getParent() {
        return parent;
    }

    public void setParent(Order parent) {
        this.parent = parent;
    }
}
