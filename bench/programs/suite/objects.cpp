/* A small ray tracer with virtual calls and shared pointers: what an object-oriented program is to a compiler. */
#include "bench.h"
#include <cmath>
#include <memory>
#include <vector>

struct vec {
    double x, y, z;
    vec operator+(const vec &o) const { return {x + o.x, y + o.y, z + o.z}; }
    vec operator-(const vec &o) const { return {x - o.x, y - o.y, z - o.z}; }
    vec operator*(double s) const { return {x * s, y * s, z * s}; }
    double dot(const vec &o) const { return x * o.x + y * o.y + z * o.z; }
    vec unit() const { return *this * (1 / std::sqrt(dot(*this))); }
};

struct ray {
    vec from, along;
};

struct hit {
    double distance;
    vec normal;
};

class material {
public:
    virtual ~material() = default;
    virtual double shade(double cosine) const = 0;
    virtual double mirror() const { return 0; }
};

class matte : public material {
    double brightness;

public:
    explicit matte(double brightness) : brightness(brightness) {}
    double shade(double cosine) const override { return brightness * cosine; }
};

class shiny : public matte {
    double reflected;

public:
    shiny(double brightness, double reflected) : matte(brightness), reflected(reflected) {}
    double shade(double cosine) const override {
        double square = cosine * cosine;
        return matte::shade(cosine) + 0.5 * square * square * square;
    }
    double mirror() const override { return reflected; }
};

class shape {
public:
    explicit shape(std::shared_ptr<material> surface) : surface(std::move(surface)) {}
    virtual ~shape() = default;
    /* Whether the ray meets it nearer than `nearest`, which says where then. */
    virtual bool meets(const ray &ray, hit &nearest) const = 0;
    std::shared_ptr<material> surface;
};

class sphere : public shape {
    vec centre;
    double radius;

public:
    sphere(std::shared_ptr<material> surface, vec centre, double radius)
        : shape(std::move(surface)), centre(centre), radius(radius) {}
    bool meets(const ray &ray, hit &nearest) const override {
        vec away = centre - ray.from;
        double middle = away.dot(ray.along), discriminant = middle * middle - away.dot(away) + radius * radius;
        if (discriminant < 0) return false;
        double distance = middle - std::sqrt(discriminant);
        if (distance < 1e-4 || distance >= nearest.distance) return false;
        nearest = {distance, (ray.from + ray.along * distance - centre) * (1 / radius)};
        return true;
    }
};

class floor_plane : public shape {
    double height;

public:
    floor_plane(std::shared_ptr<material> surface, double height) : shape(std::move(surface)), height(height) {}
    bool meets(const ray &ray, hit &nearest) const override {
        if (ray.along.y > -1e-6) return false;
        double distance = (height - ray.from.y) / ray.along.y;
        if (distance < 1e-4 || distance >= nearest.distance) return false;
        nearest = {distance, {0, 1, 0}};
        return true;
    }
};

class scene {
    std::vector<std::unique_ptr<shape>> shapes;
    vec light = vec{1, 2, -1}.unit();

public:
    void add(std::unique_ptr<shape> shape) { shapes.push_back(std::move(shape)); }
    double trace(const ray &from, int depth) const {
        hit nearest = {1e9, {}};
        const shape *met = nullptr;
        for (const auto &shape : shapes)
            if (shape->meets(from, nearest)) met = shape.get();
        if (!met) return 0.3 + 0.2 * from.along.y;
        /* Whoever looks at a surface holds it. */
        std::shared_ptr<material> surface = met->surface;
        vec at = from.from + from.along * nearest.distance;
        hit shadow = {1e9, {}};
        double cosine = nearest.normal.dot(light);
        for (const auto &shape : shapes)
            if (cosine > 0 && shape->meets({at, light}, shadow)) cosine = 0;
        double brightness = 0.1 + (cosine > 0 ? surface->shade(cosine) : 0);
        if (depth == 0 || surface->mirror() == 0) return brightness;
        vec along = from.along - nearest.normal * (2 * nearest.normal.dot(from.along));
        return brightness + surface->mirror() * trace({at, along}, depth - 1);
    }
};

int main(int argc, char **argv) {
    int reps = scale_arg(argc, argv, 30);
    enum { SIDE = 96 };
    uint64_t sum = 0;
    for (int r = 0; r < reps; r++) {
        uint32_t seed = 77 + (uint32_t)r;
        scene scene;
        scene.add(std::make_unique<floor_plane>(std::make_shared<matte>(0.6), -1.0));
        for (int i = 0; i < 30; i++) {
            std::shared_ptr<material> surface;
            if (i % 3) surface = std::make_shared<shiny>(0.5, 0.1 * (i % 5));
            else surface = std::make_shared<matte>(0.4 + 0.01 * i);
            auto coordinate = [&] { return (int)(rng_next(&seed) >> 16) % 600 / 100.0 - 3.0; };
            vec centre = {coordinate(), coordinate() * 0.3, coordinate() + 6};
            scene.add(std::make_unique<sphere>(surface, centre, 0.2 + 0.02 * (i % 20)));
        }
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                vec along = {(x - SIDE / 2) / (double)SIDE, (SIDE / 2 - y) / (double)SIDE, 1};
                sum = sum * 31 + (uint64_t)(scene.trace({{0, 0, -2}, along.unit()}, 4) * 65536);
            }
    }
    report("objects", sum);
    return 0;
}
