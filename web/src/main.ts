import { mount } from "svelte";
import App from "./App.svelte";
import "./page/style.css";

mount(App, { target: document.getElementById("page")! });
